// What a page costs, as the browser itself counts it: processor time, heap, and the memory of wasm, workers included.

/** Answers `{ spent(), held() }` of the page, which is the only one of its browser. */
export async function inspect(browser, page) {
  const session = await page.context().newCDPSession(page);
  const root = await browser.newBrowserCDPSession();
  // Processor time, not time that passes: on a machine that others use that is the page's own.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const workers = await attach(session);

  /** Milliseconds of processor time so far: of the main thread's tasks, of scripts there, and of all threads of the process. */
  const spent = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const { processInfo } = await root.send("SystemInfo.getProcessInfo");
    const of = (name) => (metrics.find((metric) => metric.name === name)?.value ?? NaN) * 1e3;
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    const process = renderers.reduce((sum, { cpuTime }) => sum + cpuTime * 1e3, 0);
    return { task: of("TaskDuration"), script: of("ScriptDuration"), process };
  };

  /** Bytes of JavaScript's heap once it has been cleaned, and of all wasm memories, of the page and its workers. */
  const held = async () => {
    const sum = { heap: 0, wasm: 0 };
    for (const send of [(method, parameters) => session.send(method, parameters), ...workers()]) {
      await send("HeapProfiler.enable");
      await send("HeapProfiler.collectGarbage");
      sum.heap += (await send("Runtime.getHeapUsage")).usedSize;
      sum.wasm += await wasm(send);
    }
    return sum;
  };
  return { spent, held };
}

/** Bytes of all memories of one context. */
async function wasm(send) {
  const group = { objectGroup: "memories" };
  const { result } = await send("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype", ...group });
  const { objects } = await send("Runtime.queryObjects", { prototypeObjectId: result.objectId, ...group });
  const functionDeclaration = "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }";
  const { result: bytes } = await send("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration, returnByValue: true });
  await send("Runtime.releaseObjectGroup", group);
  return bytes.value;
}

/** Attaches to a page's workers, present and future; answers what gives a `send` for each. */
async function attach(session) {
  const [attached, waiting] = [new Set(), new Map()];
  let last = 0;
  session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    if (targetInfo.type === "worker") attached.add(sessionId);
  });
  session.on("Target.detachedFromTarget", ({ sessionId }) => attached.delete(sessionId));
  session.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  });
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sendTo = (sessionId) => (method, params) => new Promise((resolve, reject) => {
    const id = (last += 1);
    waiting.set(id, { resolve, reject });
    session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method, params }) }).catch(reject);
  });
  return () => [...attached].map(sendTo);
}
