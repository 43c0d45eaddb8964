"""A phone company in a box: it carries texts as a real carrier does, so that nothing is needed to try the product.

It knows nothing of the rest of the project: it speaks the carrier's HTTP and signed webhooks, in its own process.

  rest      what programs call to send, read, list and delete texts
  sending   a text on its way to a handset, and receipts: what became of it, told to the status address
  inbound   a text typed on a handset, told to the shop, whose answer is executed
  control   what tests and the phone page call
  phone     the page with two handsets
"""
