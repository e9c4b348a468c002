// How long the tests of this folder wait for anything: until only what hangs takes as long. None says that something was quicker.

/** Milliseconds for what is waited for. */
export const HANG = 30_000;

/** The limit of a whole test. */
export const LIMIT = { timeout: 4 * HANG };
