// An app that uses every public name. It is compiled, never run: what must not compile says so.

import init, { authorizeUrl, createCodeChallenge, createCodeVerifier, OssicleClient, OssicleError, preflight } from "ossicle";
import type {
  Auth, AuthorizeOptions, ClassicDocument, ClassicDocuments, DocumentContext, DocumentCreate, DocumentSection, DocumentTemplate, Documents,
  Encounter, EncounterStatus, EncounterType, Environment, Fact, FactGroup, Facts, FactSource, GuidedContext, GuidedDocument, GuidedSection, GuidedTemplate, GuidedVersion, InitOptions, Interaction, InteractionsPage,
  InteractionCreate, Interactions, InteractionsQuery, InteractionUpdate, Logger, Microphone, Microphones, OssicleClientOptions,
  OssicleErrorCode, Patient, Preflight, RecordingFile, RecordingTranscript, RequestOptions, SectionGeneration, Stream, StreamConfiguration, StreamEvents, StreamOptions, Streams,
  StreamState, StreamStats, StreamSummary, StreamWarning, Template, TemplateRef, Templates, Token, TokenProvider, TranscriptSegment, TranscriptStatus,
} from "ossicle";

/** `true` if and only if two types are the same. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles for `true` alone. */
function holds<_T extends true>(): void {}
// @ts-expect-error: the assertion itself can fail.
holds<Equal<string, number>>();
// @ts-expect-error: a type that says nothing is equal to none.
holds<Equal<unknown, string>>();

// Loading
const options: InitOptions = { wasmUrl: new URL("https://ehr.example/ossicle_bg.wasm"), workletUrl: "/worklet.js" };
holds<Equal<ReturnType<typeof init>, Promise<void>>>();
await init();
await init(options);
await init(new Uint8Array(8));
await init(await WebAssembly.compile(new Uint8Array(8)));
const ready: Preflight = await preflight();
holds<Equal<Preflight["microphone"], "granted" | "denied" | "prompt" | "missing" | "unknown">>();
if (!ready.ok) ready.missing.includes("websocket");

// Clients
const token: Token = { accessToken: "a", expiresIn: 300 };
const provider: TokenProvider = async (refreshToken) => ({ accessToken: "a", refreshToken: refreshToken ?? "r" });
const auths: Auth[] = [
  { accessToken: "a" }, () => token, async () => "a", async () => token, provider, { refreshAccessToken: provider },
  { accessToken: "a", expiresIn: 300, refreshToken: "r", refreshExpiresIn: 1_800, clientId: "c", refreshAccessToken: provider },
  { clientId: "c", clientSecret: "s", scopes: ["streams"] },
  { clientId: "c", username: "u", password: "p" },
  { clientId: "c", clientSecret: "s", code: "x", redirectUri: "https://ehr.example" },
  { clientId: "c", code: "x", redirectUri: "https://ehr.example", codeVerifier: createCodeVerifier() },
];
// @ts-expect-error: a code needs a secret or a verifier.
const half: Auth = { clientId: "c", code: "x", redirectUri: "https://ehr.example" };
void half;
const quiet: Logger = {};
const loud: Logger = console;
const challenge: Promise<string> = createCodeChallenge("v");
const signIn: AuthorizeOptions = {
  environment: { login: "https://sso.example" }, tenantName: "base", clientId: "c", redirectUri: "https://ehr.example",
  codeChallenge: await challenge, scopes: ["streams"], state: "s", nonce: "n", loginHint: "roe", prompt: "login",
};
holds<Equal<ReturnType<typeof authorizeUrl>, string>>();
authorizeUrl(signIn);
authorizeUrl({ ...signIn, environment: "eu" });
const environments: Environment[] = ["eu", "us", { base: "https://ehr.example/v2", wss: "wss://ehr.example" }];
const whole: OssicleClientOptions = {
  environment: environments[0]!, tenantName: "base", auth: auths[0]!, streamAuth: async () => "b", maxRetries: 1,
  timeoutInSeconds: 10, headers: { "X-App": "ehr" }, fetch: (request) => fetch(request), logger: loud,
};
const client = new OssicleClient(whole);
new OssicleClient({ ...whole, logger: quiet });
// @ts-expect-error: no token can be got.
new OssicleClient({ environment: "eu", tenantName: "base" });
// @ts-expect-error: no such region.
new OssicleClient({ environment: 7, tenantName: "base", auth: token });
// @ts-expect-error: a provider answers a token.
new OssicleClient({ environment: "eu", tenantName: "base", auth: async () => 42 });

// Errors
try {
  await client.interactions.get("id");
} catch (error) {
  if (!(error instanceof OssicleError)) throw error;
  const base: Error = error;
  holds<Equal<typeof error.code, OssicleErrorCode>>();
  holds<Equal<typeof error.retryable, boolean>>();
  const details: [number | undefined, string | undefined, unknown, unknown] = [error.statusCode, error.requestId, error.body, error.cause];
  if (error.code === "rate_limited" || error.code === "not_initialised") throw base;
  // @ts-expect-error: no such code.
  if (error.code === "teapot") throw details;
  // @ts-expect-error: errors are the package's to change.
  error.code = "timeout";
}
// @ts-expect-error: errors are the package's to make.
new OssicleError("timeout", "late", true);

// Interactions
const call: RequestOptions = {
  abortSignal: AbortSignal.timeout(1), timeoutInSeconds: 5, maxRetries: 0, headers: { a: "b" }, queryParams: { c: "d" },
};
const status: EncounterStatus = "in-progress";
const type: EncounterType = "first_consultation";
const encounter: Encounter = { identifier: "e", status, type, period: { startedAt: "2026-01-01T00:00:00Z" }, title: "A visit" };
const patient: Patient = { identifier: "p", name: "A", gender: "other", birthDate: "1970-01-01", pronouns: "they" };
const create: InteractionCreate = { encounter, patient };
const update: InteractionUpdate = { encounter: { status: "completed" } };
const query: InteractionsQuery = { sort: "createdAt", direction: "desc", pageSize: 5, index: 1, encounterStatus: ["planned", status] };
const interactions: Interactions = client.interactions;
const { interactionId: id, websocketUrl } = await interactions.create(create, call);
holds<Equal<typeof websocketUrl, string>>();
holds<Equal<Awaited<ReturnType<Interactions["get"]>>, Interaction>>();
holds<Equal<Awaited<ReturnType<Interactions["delete"]>>, void>>();
const listed: Interaction[] = (await interactions.list(query)).interactions;
for await (const interaction of interactions.list(query)) holds<Equal<typeof interaction, Interaction>>();
const page: InteractionsPage = await (await interactions.list(query)).getNextPage();
if (page.hasNextPage()) for await (const { id } of page) holds<Equal<typeof id, string>>();
const changed: Interaction = await interactions.update(id, update, call);
await interactions.delete(changed.id);
// @ts-expect-error: an encounter is required.
await interactions.create({ patient });
// @ts-expect-error: no such status.
await interactions.update(id, { encounter: { status: "asleep" } });
// @ts-expect-error: an interaction has an id.
await interactions.get();

// Facts
const facts: Facts = client.facts;
const source: FactSource = "user";
const groups: FactGroup[] = (await facts.factGroupsList(call)).data;
const made: Fact[] = (await facts.create(id, { facts: [{ text: "a", group: groups[0]!.key, source }] })).facts;
holds<Equal<Awaited<ReturnType<Facts["update"]>>, Fact>>();
await facts.update(id, made[0]!.id, { isDiscarded: true });
await facts.batchUpdate(id, { facts: [{ factId: made[0]!.id, text: "b" }] });
await facts.list(id, call);
// @ts-expect-error: a fact belongs to a group.
await facts.create(id, { facts: [{ text: "a" }] });
// @ts-expect-error: it is factId here.
await facts.batchUpdate(id, { facts: [{ id: made[0]!.id }] });

// Documents and templates
const documents: Documents = client.documents;
const classic: ClassicDocuments = documents.classic;
const templates: Templates = client.templates;
const template: Template = await templates.get("corti-soap");
const known: Template[] = (await templates.list({ lang: ["en"], org: "corti" })).data;
const context: DocumentContext[] = [
  { type: "facts", data: [{ text: "a", group: "plan", source: "core" }] },
  { type: "transcript", data: { text: "b", speakerId: 0, start: 0, end: 1 } },
  { type: "string", data: "c" },
];
const assembled: DocumentTemplate = { sectionKeys: ["corti-plan"], documentName: "A note" };
const wanted: DocumentCreate = { context, template: assembled, outputLanguage: "en", documentationMode: "routed_parallel" };
await classic.create(id, wanted, call);
const document: ClassicDocument = await classic.create(id, { context, templateKey: template.key, outputLanguage: "en" });
const sections: DocumentSection[] = (await classic.get(id, document.id)).sections;
holds<Equal<Awaited<ReturnType<ClassicDocuments["list"]>>, { data: ClassicDocument[] }>>();
// @ts-expect-error: a template is required.
await classic.create(id, { context, outputLanguage: "en" });
// Of both the service takes the key.
await classic.create(id, { context, outputLanguage: "en", templateKey: "corti-soap", template: assembled });

// Streams
const configuration: StreamConfiguration = {
  transcription: { primaryLanguage: "en", diarize: true, isMultichannel: false, participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en", factGenerationInterval: "fast_init" },
  retentionPolicy: "none", audioEvents: { enabled: true }, keyterms: { terms: [{ term: "metoprolol" }] },
  replacements: [{ find: "a", replace: "b" }],
};
// @ts-expect-error: facts have a language.
const wordless: StreamConfiguration = { ...configuration, mode: { type: "facts" } };
const connect: StreamOptions = {
  id, configuration, audio: { encoding: "auto", bitrate: 24_000, sampleRate: 16_000, channels: 1, chunkMs: 250 }, awaitConfiguration: true,
  reconnectAttempts: 3, connectionTimeoutInSeconds: 10, abortSignal: AbortSignal.timeout(1), bufferSeconds: 60,
  acknowledgeAfterSeconds: 20, catchUpRate: 2,
  proxy: { url: "wss://ehr.example/s", protocols: { token: "a" }, queryParameters: { visit: "1" } },
};
const streams: Streams = client.stream;
const stream: Stream = await streams.connect(connect);
// @ts-expect-error: streams come from connect.
new Stream();

holds<Equal<keyof StreamEvents, "state" | "transcript" | "facts" | "flushed" | "usage" | "audioEvent" | "level" | "warning" | "pause" | "resume" | "audioDropped" | "error" | "ended" | "message">>();
const off = stream.on("transcript", (event) => {
  holds<Equal<typeof event, StreamEvents["transcript"]>>();
  holds<Equal<typeof event.segments, TranscriptSegment[]>>();
  holds<Equal<typeof event.replaced, string[]>>();
});
holds<Equal<typeof off, () => void>>();
stream.once("facts", ({ facts }) => holds<Equal<typeof facts, Fact[]>>());
stream.on("state", ({ state, previous, reason }) => {
  holds<Equal<typeof state, StreamState>>();
  holds<Equal<typeof previous, StreamState>>();
  holds<Equal<typeof reason, string | undefined>>();
});
stream.on("usage", ({ credits, total }) => holds<Equal<[typeof credits, typeof total], [number, boolean]>>());
stream.on("level", ({ channel, rms, peak }) => holds<Equal<[typeof channel, typeof rms, typeof peak], [number, number, number]>>());
stream.on("warning", (warning) => {
  holds<Equal<typeof warning, StreamWarning>>();
  holds<Equal<typeof warning.channel, number | undefined>>();
  if (warning.code === "gap") holds<Equal<[typeof warning.start, typeof warning.filled], [number, boolean]>>();
  // @ts-expect-error: only a gap has a length.
  else warning.seconds;
});
holds<Equal<typeof stream.isInWorker, boolean>>();
holds<Equal<typeof stream.encoder, "opus-native" | "opus-wasm" | "flac" | "pcm" | "given">>();
stream.on("error", (error) => holds<Equal<typeof error, OssicleError>>());
stream.on("ended", ({ usage }) => holds<Equal<typeof usage, number | undefined>>());
stream.on("message", (message) => holds<Equal<typeof message.type, string>>());
stream.on("message", (message) => holds<Equal<(typeof message)["data"], unknown>>());
stream.on("audioDropped", ({ start, end }) => end - start);
stream.on("audioEvent", ({ data }) => data.event);
const listener = () => {};
stream.on("flushed", listener);
stream.off("flushed", listener);
stream.off("flushed");
// @ts-expect-error: no such event.
stream.on("applause", listener);
// @ts-expect-error: transcripts come as segments.
stream.on("transcript", ({ text }) => text);

const microphones: Microphones = client.microphones;
const [device] = await microphones.list();
const microphone: Microphone = await microphones.open({ deviceId: device!.deviceId, preset: "dictation" });
// @ts-expect-error: no such preset.
await microphones.open({ preset: "karaoke" });
await stream.attach(microphone);
await stream.attach(microphone.mediaStream, { channel: 1 });
holds<Equal<ReturnType<typeof microphone.on>, () => void>>();
microphone.on("change", ({ label }) => holds<Equal<typeof label, string>>());
microphone.on("lost", () => {});
// @ts-expect-error: no such event.
microphone.on("applause", () => {});
await stream.attach(microphone.mediaStream.getAudioTracks()[0]!);
await stream.attach(new OscillatorNode(new AudioContext()));
// @ts-expect-error: a name is no source.
await stream.attach(microphone.label);
await stream.detach(microphone);
await stream.detach();
stream.pushFrame([new Float32Array(960)], 48_000);
// @ts-expect-error: frames are planes of 32-bit floats.
stream.pushFrame(new Float32Array(960), 48_000);
// @ts-expect-error: frames have a rate.
stream.pushFrame([new Float32Array(960)]);

stream.pause();
stream.resume();
stream.mute(1);
stream.unmute();
const kept: Blob = stream.unsentAudio();
holds<Equal<typeof stream.dropped, { start: number; end: number }[]>>();
holds<Equal<typeof stream.pauses, { at: number; seconds: number }[]>>();

const { recordingId } = await client.recordings.upload(kept, id, { onUploadProgress: ({ loaded, total }) => loaded / total });
const asked: RecordingTranscript = await client.transcripts.create(id, { recordingId, primaryLanguage: "en" });
const finished = await client.transcripts.waitFor(id, asked.id);
holds<Equal<typeof finished.status, TranscriptStatus>>();
holds<Equal<Awaited<ReturnType<typeof client.recordings.get>>, RecordingFile>>();
const reference: TemplateRef = { templateId: id };
// @ts-expect-error: exactly one template.
await client.documents.generate({ interactionId: id, outputLanguage: "en", templateRef: reference, dynamicTemplate: { name: "a", generation: { sections: [] } } });
// @ts-expect-error: a guided document has a language.
await client.documents.generate({ interactionId: id, templateRef: reference });
const guidedSection: SectionGeneration = { heading: "Plan", instructions: { contentPrompt: "What was agreed." }, outputSchema: { type: "string" } };
const guidedContext: GuidedContext[] = [
  { type: "text", text: "a" }, { type: "facts", facts: [{ text: "a", group: "plan" }] },
  { type: "transcript", transcript: { transcripts: [{ text: "a", start: 0, end: 1_000 }] } },
];
const { document: guided } = await client.documents.generate({
  context: guidedContext, outputLanguage: "en", dynamicTemplate: { name: "a", generation: { sections: [guidedSection] } }, labels: [{ key: "a", value: "b" }],
});
const headings: string[] = guided.sections?.map(({ heading }) => heading) ?? [];
const everyGuided: GuidedDocument[] = await client.documents.list({ interactionId: id, label: ["a:b"] });
await client.documents.update(guided.id ?? id, { stringDocument: { [id]: "Rest." } });
const [variant]: GuidedTemplate[] = await client.documents.templates.list({ lang: ["en"], published: true, source: "corti" });
const inFull: GuidedTemplate = await client.documents.templates.get(variant!.id);
const published: string[] = inFull.publishedVersion?.generation.sections.map(({ name }) => name) ?? [];
const inherited: GuidedTemplate = await client.documents.templates.create({ name: "a", inheritFromId: id, publish: false });
const section: GuidedSection = await client.documents.sections.create({ name: "a", generation: guidedSection });
// @ts-expect-error: a section is written in some way.
await client.documents.sections.create({ name: "a" });
const version: GuidedVersion<SectionGeneration> = await client.documents.sections.versions.create(section.id, { generation: guidedSection });
await client.documents.sections.versions.publish(section.id, version.id);
const prompts: (string | undefined)[] = (await client.documents.templates.versions.list(inherited.id)).map(({ generation }) => generation.instructions?.prompt);
const spoken: Record<string, unknown> = (await client.languages.list({ endpoint: "streams" })).languages;
// @ts-expect-error: there is no such endpoint.
await client.languages.list({ endpoint: "stream" });
const proxied: OssicleClient[] = [new OssicleClient({ baseUrl: "https://ehr.example" }), new OssicleClient({ auth: { accessToken: "a" } }), new OssicleClient({ environment: { base: "https://a", wss: "wss://a" }, withCredentials: true })];
const authHeaders: Headers = await client.getAuthHeaders();
holds<Equal<(typeof client.documents)["create"], ClassicDocuments["create"]>>();

const stats: StreamStats = stream.stats;
const sum: number = stats.acknowledgedSeconds + stats.inFlightSeconds + stats.bufferedSeconds + stats.droppedSeconds;
const figures: number[] = [
  sum, stats.capturedSeconds, stats.sentSeconds, stats.replayedSeconds, stats.bufferedBytes, stats.bytesSent, stats.reconnects,
];
const said: TranscriptSegment[] = stream.transcript;
const format: string = stream.audioFormat;
if (stream.state === "reconnecting") throw figures;
// @ts-expect-error: the state is the stream's own.
stream.state = "ended";
const flushed: StreamSummary = await stream.flush();
holds<Equal<Awaited<ReturnType<Stream["end"]>>, StreamSummary>>();
const { usage } = await stream.end();
holds<Equal<typeof usage, number | undefined>>();
stream.close();
microphone.close();
{
  using again = await streams.connect({ id, configuration });
  again.free();
}
microphone.free();
client.free();

export { authHeaders, document, everyGuided, flushed, format, headings, known, listed, prompts, proxied, published, said, sections, spoken, wordless };
