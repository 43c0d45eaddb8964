"""A phone company in a box: sends and receives texts as a real carrier does, so that nothing is needed to try the product.

It knows nothing of the rest of the project: it speaks the carrier's HTTP and signed webhooks, in its own process.

  rest     what programs call to send, read, list and delete texts        inbound   a text typed on a handset → our webhook → its answer
  control  what tests and the phone page call                             sending   a text on its way to a handset
  phone    the page with two handsets                                     receipts  what became of it, told to the status address
"""
