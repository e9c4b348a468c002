// Compiling wasm, from wherever it comes.

/** The module that `input` is: one already, bytes, what `fetch` answered, or where it is; that is fetched with `options`. */
export async function compiled(input, options) {
  if (input instanceof WebAssembly.Module) return input;
  if (ArrayBuffer.isView(input) || input instanceof ArrayBuffer) return WebAssembly.compile(input);
  const response = input instanceof Response ? input : await fetch(input, options);
  if (!response.ok) throw new TypeError(`the server answered ${response.status}`);
  // A server that does not know the type is no reason to fail: it only takes longer.
  const isTyped = response.headers.get("Content-Type")?.startsWith("application/wasm");
  return isTyped ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
