
// Streams

/** The configuration of a stream, as the service has it. */
export interface StreamConfiguration {
  /** What is spoken, and by whom on which channel. */
  transcription: {
    /** Language spoken, as a BCP 47 tag. */
    primaryLanguage: string;
    /** Whether to tell speakers apart within a channel. */
    diarize?: boolean;
    /** @deprecated The former name of `diarize`. */
    isDiarization?: boolean;
    /** Whether each channel holds one participant. */
    isMultichannel?: boolean;
    participants: { channel: number; role: "doctor" | "patient" | "multiple" | (string & {}) }[];
  };
  /** Whether facts are found beside the transcript, and in which language (a BCP 47 tag) they are written. */
  mode:
    | { type: "facts"; outputLocale: string; factGenerationInterval?: "fixed" | "fast_init" }
    | { type: "transcription"; outputLocale?: string };
  /**
   * MIME type of the audio. Filled in from `audio` unless given; given alone, it decides the encoding (`audio/pcm` with its
   * rate and channels, `audio/ogg`, `audio/flac`), or says what {@link Stream.sendAudio} will be given.
   */
  audioFormat?: string;
  /** Whether the service keeps what it heard after the stream. */
  retentionPolicy?: "retain" | "none";
  /** Whether the service remarks on the audio itself: see the event `audioEvent`. */
  audioEvents?: { enabled: boolean };
  /** At most 1,000. */
  replacements?: { find: string; replace: string }[];
  /** At most 1,000 terms of at most 50 characters. */
  keyterms?: { terms: { term: string }[] };
}

/** Options of `stream.connect`. */
export interface StreamOptions {
  /**
   * The interaction's id. With a promise of it the stream is there at once: what is attached is captured and kept (as much as
   * `bufferSeconds` says) until the interaction is there. Then it connects, and {@link Stream.connected} tells how that went.
   */
  id: string | Promise<string>;
  /** Sent on every connection, before any audio. */
  configuration: StreamConfiguration;
  /** How the audio is sent. */
  audio?: {
    /**
     * Default `auto`: Opus by the browser's own encoder where that proves itself, else by the package's (a file of its
     * own, loaded then), else PCM. `opus` and `flac` (lossless, half of PCM's bytes, another file) fail with
     * `audio_unsupported` rather than send anything else.
     */
    encoding?: "auto" | "opus" | "flac" | "pcm";
    /** Bits a second of Opus, 12,000 to 64,000. Default 24,000: a recogniser hears no difference to the original. */
    bitrate?: number;
    /** Hz of what is sent. Default 16,000; more buys nothing in recognition. */
    sampleRate?: number;
    /** Channels of what is sent, 1 to 8 (Opus: 1 or 2). Default 1: whatever a source has is averaged. */
    channels?: number;
    /** Milliseconds of audio in a message, 100 to 1,000. Default 250. */
    chunkMs?: number;
  };
  /**
   * Whether the stream works in a worker of its own: encoding, timers and the socket are then off the page's main thread, and
   * a page that is busy delays nothing. Default true. Where there can be no worker (the page's policy forbids it, or the
   * script is of another origin) the stream works on the page all the same, and the first one says so by a `warning`. A worker
   * that dies is replaced: the stream is `reconnecting` meanwhile, and `audioDropped` names what was lost with it.
   */
  worker?: boolean;
  /**
   * Whether `connect` waits for the service to accept the configuration, and fails if that does not come in time. Default
   * true. With `false` it resolves at once: what is captured is kept until there is a connection, even if the visit
   * starts offline.
   */
  awaitConfiguration?: boolean;
  /**
   * Failed attempts in a row after which the stream fails. Default 30, and then not before `bufferSeconds` have passed
   * without a connection.
   */
  reconnectAttempts?: number;
  /** Seconds until the configuration must have been accepted; also for each later attempt. Default 15. */
  connectionTimeoutInSeconds?: number;
  /** Aborts the attempt to connect, and closes the stream. */
  abortSignal?: AbortSignal;
  /** A socket elsewhere than at the service. Tenant and token are then the proxy's business. */
  proxy?: { url: string; protocols?: string[] | Record<string, string>; queryParameters?: Record<string, string> };
  /**
   * Seconds of audio that are kept while they cannot be sent. Default 120. What is on its way on a living socket is kept beside
   * it, and sent again if that is lost.
   */
  bufferSeconds?: number;
  /**
   * Seconds after which time alone acknowledges sent audio, which is then not sent again after a reconnect: so long after it left
   * the socket, and when so much audio has followed it, of which the service has said something. Where words take longer than
   * that to come it is longer by itself, up to twice as long. Default 60: a diarized conversation's words come up to 49 s after they were said
   * (a first batch after 21 s, others every 13 to 18 s, a speaker's earlier words a batch late, up to 13 s of unbroken speech). The
   * answer to a `flush` acknowledges at once whatever was sent before it; the words of one speaker acknowledge nothing.
   */
  acknowledgeAfterSeconds?: number;
  /**
   * Whether the stream asks the service by a `flush` of its own for what is pending, where that cuts no sentence: when the
   * conversation pauses for a second and a half (at most every 10 s), when the app mutes or pauses, and before the end. The
   * words come sooner, and less is sent again after a reconnect. Default true. With `false` only before the end, and when the
   * service has said nothing for 24 s although audio goes to it.
   */
  flushAtPauses?: boolean;
  /**
   * Multiple of real time at which held audio is sent after a reconnect. Default 1.5. The service says that audio much faster
   * than real time degrades or ends a stream; a minute of compressed audio at once has passed. A slower rate loses nothing
   * (an outage shorter than `bufferSeconds`, and a second one within two minutes of it, lost nothing at any rate in the
   * simulation), and takes longer: after 20, 60 and 120 s without a connection all is sent after 2, 3 and 5 minutes at 1.5, after 4, 6.5
   * and 10 at 1.25, after 10, 16 and 26 at 1.1, and after 1, 1.6 and 2.6 at 2. So long words come late, and a page that is closed
   * loses what is held.
   */
  catchUpRate?: number;
  /**
   * From where the service counts the times of a transcript on a socket that was opened again: from that `socket`'s first
   * audio, or on from the `interaction`'s, whatever was sent twice counted twice. Its documentation does not say. With `auto`
   * (default) the first holds until times or words that were heard twice show the other; segments that were told on that
   * socket are then told again, with their keys and their true times.
   */
  transcriptTimesFrom?: "auto" | "socket" | "interaction";
}

/** Where a stream is on its way: it comes to an end in `ended` or `failed`, and in nothing else. */
export type StreamState =
  | "connecting"
  | "configuring"
  | "streaming"
  | "reconnecting"
  | "ending"
  | "ended"
  | "failed";

/** A piece of the transcript. What the service adds to it is there as well. */
export interface TranscriptSegment {
  /** Unique in the visit, and the same while the segment is corrected: what to keep it by. */
  key: string;
  /** As the service has it: the interaction's, and so the same for all segments. */
  id: string;
  /** What was said. */
  transcript: string;
  /** `false` for an interim item, which a later one may replace. */
  final: boolean;
  /** As the service has it: counted from 0 in each channel, anew on each socket; −1 without diarization. */
  speakerId: number;
  /**
   * Who speaks, by a number of the visit: the same over reconnects where audio that was heard twice shows who is who, else a
   * new one. −1 without diarization.
   */
  speaker: number;
  /** Which channel it was said on; a role is there if the service says one. */
  participant: { channel: number; role?: string };
  /** Seconds since the visit's first audio. */
  time: { start: number; end: number };
  /**
   * Its words may repeat those of other segments at its time: after a reconnect the service heard some audio again, and wrote it
   * otherwise. Words that certainly are the same are left out.
   */
  overlaps?: true;
}

/** Figures of a stream. Always: captured = acknowledged + inFlight + buffered + dropped. */
export interface StreamStats {
  /** Taken from sources, pushed, or given as encoded audio. */
  capturedSeconds: number;
  /** Handed to a socket, each second counted once. */
  sentSeconds: number;
  /** Heard by the service for certain. */
  acknowledgedSeconds: number;
  /** Handed to the present socket and not acknowledged. */
  inFlightSeconds: number;
  /** Handed to a socket again after a reconnect. */
  replayedSeconds: number;
  /** Given up because the buffer was full, or lost with a worker. */
  droppedSeconds: number;
  /** Waiting to be sent. */
  bufferedSeconds: number;
  /**
   * Captured audio of which no words have come, as far as is known: all that is held and lies behind the end of the latest final
   * segment, of any channel or speaker, or behind what is acknowledged if that is later. Where nobody speaks it grows until
   * the service has answered a `flush`; a slower speaker's words may still come for audio before it.
   */
  untranscribedSeconds: number;
  /** Bytes held in memory for a replay. */
  bufferedBytes: number;
  /** Bytes of audio sent, replays included. */
  bytesSent: number;
  /** Sockets opened after the first. */
  reconnects: number;
}

/** The events of a stream and what their listeners get. */
export interface StreamEvents {
  /** The stream is in another state; `reason` says why, in a sentence, where that is not plain. */
  state: { type: "state"; state: StreamState; previous: StreamState; reason?: string };
  /**
   * New segments, and known ones that have changed, in time order. `replaced`: keys of what these take the place of, their own
   * among them where they are corrections; take those out first. There may be some without any segment.
   */
  transcript: { type: "transcript"; segments: TranscriptSegment[]; replaced: string[] };
  /** New facts, and known ones (by `id`) with a new text. */
  facts: { type: "facts"; facts: Fact[] };
  /** The service has answered what was pending when it was asked by a `flush`. */
  flushed: { type: "flushed" };
  /** Credits used so far, or in total. */
  usage: { type: "usage"; credits: number; total: boolean };
  /** The service remarks on the audio, if the configuration asks for it. */
  audioEvent: { type: "audioEvent"; data: { event: string; channel?: number; startTimeMs?: number } };
  /** About ten a second and channel; dBFS. */
  level: { type: "level"; channel: number; rms: number; peak: number; clipped: number };
  /** Something is not as it should be; the stream goes on. */
  warning: StreamWarning;
  /** The app paused the capture: the visit's time stands still from `at`, in seconds. */
  pause: { type: "pause"; at: number };
  /** The app resumed the capture after `seconds`. */
  resume: { type: "resume"; at: number; seconds: number };
  /** Seconds since the visit's first audio. */
  audioDropped: { type: "audioDropped"; start: number; end: number; reason: string };
  /** Whether the stream goes on, `state` says. */
  error: OssicleError;
  /** The service has confirmed the end. */
  ended: { type: "ended"; usage?: number };
  /** Every message of the service as it came. */
  message: { type: string; [key: string]: unknown };
}

/** Something is not as it should be; the stream goes on. `channel`: of the stream, if it concerns one. */
export type StreamWarning = {
  /** Always `warning`. */
  type: "warning";
  /** The channel that it is about, if it is about one. */
  channel?: number;
} & (
  | {
      /**
       * `silent-input`: 5 s of digital silence. `clipping`: more than 1 % of a second at full scale. `muted`: the system
       * muted the device. `device-changed`: another device is captured from here on. `device-lost`: it is gone, and there
       * is no other; if one comes, a microphone of `client.microphones` goes on with it. `suspended`: the browser
       * suspended the capture; it goes on as soon as the browser lets it. `stalled`: for half a second nothing came from
       * a source. `buffer-high`: what is held for a reconnect has reached 80 % of its bound. `no-worker`: there can be no
       * worker on this page; the stream works on the page itself. Told once.
       */
      code:
        | "silent-input"
        | "clipping"
        | "muted"
        | "device-changed"
        | "device-lost"
        | "suspended"
        | "stalled"
        | "buffer-high"
        | "no-worker";
    }
  | {
      /** For `seconds` nothing was captured. */
      code: "gap";
      /** Where, in seconds since the visit's first audio. */
      start: number;
      /** How long it was. */
      seconds: number;
      /** Whether silence of that length is in its place; if not (after more than 5 s), the visit's time stood still. */
      filled: boolean;
    }
);

/** What a stream came to. */
export interface StreamSummary {
  /** Credits of the whole stream, where the service said so. */
  usage?: number;
  /** The figures as they stand now. */
  stats: StreamStats;
}

/** `client.stream` */
export class Streams {
  private constructor();
  /** Resolves when the service has accepted the configuration. */
  connect(options: StreamOptions): Promise<Stream>;
}

/** A stream of an interaction. It lives until it ended, failed or was closed, even if you let go of the object. */
export class Stream {
  private constructor();
  /** Where the stream is on its way. */
  readonly state: StreamState;
  /**
   * Resolves when the service has accepted the configuration for the first time; rejects with an {@link OssicleError} if it
   * never will. For a stream that was not waited for (`awaitConfiguration: false`, or an `id` that is a promise).
   */
  readonly connected: Promise<void>;
  /** The figures as they stand now. */
  readonly stats: StreamStats;
  /** The transcript so far in time order, interim items included. */
  readonly transcript: TranscriptSegment[];
  /** What is declared to the service as the audio's format. */
  readonly audioFormat: string;
  /** What encodes the audio. */
  readonly encoder: "opus-native" | "opus-wasm" | "flac" | "pcm" | "given";
  /** Whether the stream works in a worker. Figures and states are then at most a quarter of a second old. */
  readonly isInWorker: boolean;
  /** Adds a listener, any number for an event. What it returns takes it off again. */
  on<E extends keyof StreamEvents>(event: E, listener: (payload: StreamEvents[E]) => void): () => void;
  /** As `on`, for the next event only. */
  once<E extends keyof StreamEvents>(event: E, listener: (payload: StreamEvents[E]) => void): () => void;
  /** Takes a listener off an event; all of them if none is given. */
  off<E extends keyof StreamEvents>(event: E, listener?: (payload: StreamEvents[E]) => void): void;
  /**
   * Captures a source. Call it from a click or a key: browsers start audio only then.
   *
   * With a `channel` all that the source has is averaged into that channel of the stream: a visit by video attaches the
   * microphone to 0 and the remote participant's `MediaStream` to 1, and they are kept aligned although their clocks
   * differ. Without one its planes go to the stream's channels, one to each. Several sources on a channel are added.
   * A {@link Microphone} is followed from device to device.
   */
  attach(source: MediaStream | MediaStreamTrack | AudioNode | Microphone, options?: { channel?: number }): Promise<void>;
  /** Stops capturing a source, or all; the stream goes on. Resolves when the last captured audio has been taken. */
  detach(source?: MediaStream | MediaStreamTrack | AudioNode | Microphone): Promise<void>;
  /**
   * Takes frames of a worklet of your own: one array a channel, all of one length, −1 to 1; their rate in Hz. Not while a
   * source is attached.
   */
  pushFrame(planes: Float32Array[], sampleRate: number): void;
  /**
   * Takes audio that you encoded yourself, as `configuration.audioFormat` declares it, in place of captured frames; the first
   * piece holds the container's headers. Each piece is kept until the service has heard it, and sent again after a reconnect
   * behind the same headers: raw PCM goes on without a gap, of other formats a decoder may lose what lies before the next
   * place where it can start (in WebM the next cluster). Resolves once the piece has been taken, in the order of the calls.
   */
  sendAudio(data: ArrayBuffer | ArrayBufferView | Blob): Promise<void>;
  /** Captures nothing until {@link resume}. What was said before goes out; the visit's time stands still. */
  pause(): void;
  /** Captures again; the visit's time goes on from where it stood. */
  resume(): void;
  /** Whether nothing is captured since `pause`. */
  readonly isPaused: boolean;
  /** The pauses that are over: where the visit's time stood still, in seconds, and for how many. */
  readonly pauses: { at: number; seconds: number }[];
  /** Sends silence in place of a channel, or of all; time goes on. */
  mute(channel?: number): void;
  /** Sends the channel's sound again, or that of all. */
  unmute(channel?: number): void;
  /** Spans of audio that were given up because the buffer was full, in seconds of the visit: for an upload later. */
  readonly dropped: { start: number; end: number }[];
  /**
   * All audio that the service has not acknowledged, as a file in the stream's own container (raw samples for PCM): after
   * a failure, for an upload later. Its type is {@link audioFormat}. Of a stream in a worker it is there once the stream is
   * over; before, this throws `conflict`.
   */
  unsentAudio(): Blob;
  /** Has the service answer what is pending; resolves when it has. The stream goes on. */
  flush(): Promise<StreamSummary>;
  /** Sends what is held, ends the stream, and resolves when the service has confirmed it. */
  end(): Promise<StreamSummary>;
  /** Stops at once; what is pending is rejected with the code `aborted`. */
  close(): void;
  /** Closes, and frees the memory. */
  free(): void;
  /** The same as `free`. */
  [Symbol.dispose](): void;
}

// Microphones

/** `client.microphones` */
export class Microphones {
  private constructor();
  /** The microphones. Their labels are empty until the user has allowed one. */
  list(): Promise<{ deviceId: string; label: string }[]>;
  /**
   * Opens one; the browser may ask the user. `conversation` (default) has echo cancellation, noise suppression and
   * gain control on, `dictation` off.
   */
  open(options?: { deviceId?: string; preset?: "conversation" | "dictation" }): Promise<Microphone>;
}

/**
 * An open microphone. When its device goes it moves to the one that was chosen, if that is there, or to the system's
 * default; where none was chosen it follows the default. When a chosen one comes back it returns.
 */
export class Microphone {
  private constructor();
  /** Of the present device: another object after a `change`. */
  readonly mediaStream: MediaStream;
  /** Name of the present device. */
  readonly label: string;
  /** Another device is open. What it returns takes the listener off. */
  on(event: "change", listener: (payload: { label: string }) => void): () => void;
  /** The device is gone, and no other could be opened. */
  on(event: "lost", listener: () => void): () => void;
  /** Lets go of the device. */
  close(): void;
  /** The same as `close`, and frees the memory. */
  free(): void;
  /** The same as `free`. */
  [Symbol.dispose](): void;
}
