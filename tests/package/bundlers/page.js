// What every page of these projects does: a second of sound goes through the worklet, on the page or in a worker, to the sandbox.

/** Gives the test a `visit` that uses the package as the page imported it. */
export function offer(init, OssicleClient) {
  globalThis.visit = async ({ sandbox, ...options }) => {
    await init();
    const { environment, tenantName } = await (await fetch(`${sandbox}/settings.json`)).json();
    const auth = async () => (await fetch(`${sandbox}/token`, { method: "POST" })).json();
    const client = new OssicleClient({ environment, tenantName, auth });
    const encounter = { identifier: "e-1", status: "planned", type: "consultation" };
    const { interactionId: id } = await client.interactions.create({ encounter });
    const transcription = { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] };
    const configuration = { transcription, mode: { type: "transcription" } };
    const stream = await client.stream.connect({ id, configuration, ...options });
    const context = new AudioContext();
    const oscillator = new OscillatorNode(context);
    oscillator.start();
    await context.resume();
    await stream.attach(oscillator);
    while (stream.stats.capturedSeconds < 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const { stats } = await stream.end();
    await context.close();
    return { id, encoder: stream.encoder, isInWorker: stream.isInWorker, state: stream.state, seconds: stats.acknowledgedSeconds };
  };
}
