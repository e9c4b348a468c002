// Rendered on the server, for every request: the visit's code is imported there as well, and does nothing.

import { Visit } from "./visit";

export const dynamic = "force-dynamic";

export default function Page() {
  return <Visit />;
}
