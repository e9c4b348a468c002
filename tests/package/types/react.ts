// An app that uses the hooks. It is compiled, never run: what must not compile says so. The types need no types of React.

import init, { OssicleClient } from "ossicle";
import type { WrittenDocument, OssicleError, Stream, StreamState, StreamSummary, TranscriptSegment, Visit, VisitFact } from "ossicle";
import { useClient, useLevel, useMicrophones, useStream, useVisit } from "ossicle/react";
import type {
  ClientHandle, FactsHandle, Level, MicrophonesHandle, StreamHandle, UseStreamOptions, UseVisitOptions, VisitHandle, VisitState,
} from "ossicle/react";

/** `true` if and only if two types are the same. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles for `true` alone. */
function holds<_T extends true>(): void {}

const { client, error: unmade, retry }: ClientHandle = useClient(async () => {
  await init();
  return new OssicleClient({ environment: "eu", tenantName: "base", auth: async () => "a" });
});
holds<Equal<typeof client, OssicleClient | undefined>>();
holds<Equal<typeof unmade, unknown>>();
retry();

const configuration: UseStreamOptions["configuration"] = {
  transcription: { primaryLanguage: "en", participants: [{ channel: 0, role: "multiple" }] },
  mode: { type: "facts", outputLocale: "en" },
};

// A visit
const microphones: MicrophonesHandle = useMicrophones(client);
const options: UseVisitOptions = { encounter: { identifier: "e", type: "consultation" }, configuration, source: microphones.source };
const visit: VisitHandle = useVisit(client, options);
useVisit(undefined, undefined);
useVisit(client, { interactionId: "i" });
useVisit(client, { ...options, interactionId: new URLSearchParams().get("interaction") ?? undefined });
// @ts-expect-error: neither an encounter to make an interaction of, nor an interaction
useVisit(client, { configuration });
const state: VisitState = visit.state;
holds<Equal<VisitState, "idle" | "starting" | StreamState | "completed">>();
const begun: Visit | undefined = await visit.start();
const error: OssicleError | undefined = visit.error;
const words: string[] = visit.transcript.map((segment: TranscriptSegment) => segment.transcript);
const facts: FactsHandle = visit.facts;
const kept: readonly VisitFact[] = facts.kept;
const groups: string[] = facts.groups.map(({ group }) => group);
// @ts-expect-error: state is not for the app to change
visit.facts.items.push(kept[0]);
// @ts-expect-error: nor is this
visit.state = "ended";
await facts.edit("f", { text: "a" });
const note: WrittenDocument | undefined = await visit.document({ templateKey: "corti-soap", outputLanguage: "en" });
const isDone: boolean = await visit.complete();
const summary: StreamSummary | undefined = await visit.end();
// A button's handler is given an event, and these take nothing of it.
const handlers: ((event: { type: string }) => void)[] = [visit.start, visit.pause, visit.resume, visit.end, visit.close, visit.dismissError];

// A stream
const live: StreamHandle = useStream(client, { id: undefined, configuration });
useStream(client, { id: "i", configuration, source: ["microphone", new MediaStream()], audio: { channels: 2 } });
// @ts-expect-error: an id may be missing, but not by mistake
useStream(client, { configuration });
const stream: Stream | undefined = live.stream;
const level: Level | undefined = useLevel(stream);
useLevel(visit.stream, 1);
const chosen: string | undefined = microphones.deviceId;
microphones.select(microphones.microphones[0]?.deviceId);
const asked: boolean = await microphones.ask();

export { asked, begun, chosen, error, groups, handlers, isDone, level, note, state, summary, words };
