// The carrier's control API, as the page calls it.

export async function get(path) {
  return (await fetch(path)).json();
}

// Answers always: what went wrong is in `error`, in words.
export async function post(path, given) {
  try {
    const headers = { "Content-Type": "application/json" };
    return await (await fetch(path, { method: "POST", headers, body: JSON.stringify(given) })).json();
  } catch {
    return { error: null };
  }
}

// Tells each text that comes on a phone or changes; `again` when the line was cut and is back.
export function watch(told, again) {
  const events = new EventSource("/control/events");
  events.onmessage = (event) => told(JSON.parse(event.data));
  events.onopen = again;
}
