"use client";
// The entry `ossicle/react`: visits, streams and microphones as hooks. React is the app's own. What is shown is in `view/`; here it
// is tied to the life of a component, which React's StrictMode plays through twice.

import { useCallback, useEffect, useInsertionEffect, useRef, useState, useSyncExternalStore } from "react";
import { MicrophonesView } from "./view/sources.js";
import { Presence, Store } from "./view/store.js";
import { followLevel, StreamView } from "./view/stream.js";
import { VisitView } from "./view/visit.js";

/** A client that is made once, in the browser alone. */
export function useClient(make) {
  const [{ store, latest, begin }] = useState(() => {
    const store = new Store({ client: undefined, error: undefined, retry: () => begin() });
    const latest = { make };
    let pending;
    const begin = () => {
      if (pending || store.get().client) return;
      store.set({ error: undefined });
      pending = Promise.resolve()
        .then(() => latest.make())
        .then((client) => store.set({ client }), (error) => store.set({ error }))
        .finally(() => (pending = undefined));
    };
    return { store, latest, begin };
  });
  useInsertionEffect(() => void (latest.make = make));
  useEffect(() => begin(), [begin]);
  return useSyncExternalStore(store.subscribe, store.get, store.get);
}

/** One visit, begun by its `start`. */
export function useVisit(client, options) {
  const view = useView(VisitView, { client, options });
  usePresence(view);
  useEffect(() => view.prepare(), [view, client]);
  return useSyncExternalStore(view.subscribe, view.get, view.get);
}

/** A stream of the interaction `options.id`, connected for as long as the component is there. */
export function useStream(client, options) {
  const view = useView(StreamView, { client, options });
  const id = options?.id;
  usePresence(view);
  const before = useRef();
  useEffect(() => {
    const isOther = before.current && (before.current.client !== client || before.current.id !== id);
    before.current = { client, id };
    if (isOther) view.close();
    // Not one that ended or failed: effects run again for reasons of React's.
    if (client && id && view.get().state === "idle") void view.connect();
  }, [view, client, id]);
  return useSyncExternalStore(view.subscribe, view.get, view.get);
}

/** The microphones of this machine, and which of them is chosen. */
export function useMicrophones(client) {
  const [view] = useState(() => new MicrophonesView());
  usePresence(view);
  useEffect(() => view.watch(client), [view, client]);
  return useSyncExternalStore(view.subscribe, view.get, view.get);
}

/** The level of a channel, ten times a second: the component that asks is drawn so often, and no other. */
export function useLevel(stream, channel = 0) {
  const level = useRef();
  const subscribe = useCallback((listener) => {
    level.current = undefined;
    const show = (now) => {
      level.current = now;
      listener();
    };
    return stream ? followLevel(stream, channel, show) : () => {};
  }, [stream, channel]);
  return useSyncExternalStore(subscribe, () => level.current, nothing);
}

const nothing = () => undefined;

/** A view whose client and options are those of the last render that is shown: both may be other objects each time. */
function useView(View, given) {
  const [{ view, latest }] = useState(() => {
    const latest = { given };
    return { latest, view: new View(() => latest.given) };
  });
  useInsertionEffect(() => void (latest.given = given));
  return view;
}

/** Closes a view when its component is gone for good. */
function usePresence(view) {
  const [presence] = useState(() => new Presence(() => view.close()));
  useEffect(() => {
    presence.come();
    return () => presence.leave();
  }, [presence]);
}
