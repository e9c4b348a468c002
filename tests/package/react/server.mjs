// What a server does with `ossicle/react`: it renders once, without a browser.

import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { useClient, useLevel, useMicrophones, useStream, useVisit } from "ossicle/react";

for (const name of ["window", "document", "navigator", "WebSocket", "AudioContext", "fetch"]) {
  Object.defineProperty(globalThis, name, { configurable: true, get: () => console.error(`${name} was used`) });
}

function Page() {
  const { client } = useClient(() => console.error("a client was made"));
  const [visit, stream, microphones] = [useVisit(client, undefined), useStream(client, undefined), useMicrophones(client)];
  const level = useLevel(visit.stream);
  return createElement("p", null, [visit.state, stream.state, microphones.microphones.length, level ?? "none"].join(" "));
}

console.log(renderToStaticMarkup(createElement(Page)));
