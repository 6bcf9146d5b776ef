// Reads server-sent events from a byte stream. The bytes come from fetch, because EventSource can neither POST nor give
// the body of an error.

/** Yields {name, data} for each event of a ReadableStream of bytes; `data` is parsed JSON. */
export async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      // A lone CR at the end may be half of a CRLF, so it is kept until more bytes come.
      const held = rest.endsWith("\r") ? "\r" : "";
      const blocks = rest.slice(0, rest.length - held.length).replace(/\r\n?/g, "\n").split("\n\n");
      rest = blocks.pop() + held;
      for (const block of blocks) {
        const event = parsed(block);
        if (event) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // if the consumer left, this tells the server so
  }
}

function parsed(block) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  // An event without data is a comment, which only keeps the connection open.
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}
