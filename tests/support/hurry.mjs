// Sound is in real time.

import { setPriority } from "node:os";

/** Goes before other programs, and with it all that it starts, where that is allowed. */
export function hurry() {
  try {
    setPriority(-10);
  } catch {
    // Only root may. Everyone else does without.
  }
}
