// Bytes from wherever they come: base64 on a page, a DataView from a kernel.

function asBytes(value) {
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

// The browser inflates; nothing of ours to ship. (A Response's body stays in this process; a Blob's
// goes through another, which takes longer than the inflating.)
async function inflate(bytes) {
  const stream = new Response(bytes).body.pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Shares as bytes and back, by the square root, as in `minillm/viz/encode.py`.
const DECODED = Float32Array.from({ length: 256 }, (_, b) => (b / 255) ** 2);
const decodeCodes = (codes) => Float32Array.from(codes, (code) => DECODED[code]);
const encodeShare = (p) => Math.floor(255 * Math.sqrt(clamp(p, 0, 1)) + 0.5);
// Differences in -1 to 1, zero in the middle of the scale.
const encodeSigned = (d) =>
  clamp(Math.round(127.5 + 127.5 * Math.sign(d) * Math.sqrt(Math.abs(d))), 0, 255);
