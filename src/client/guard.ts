// Calls into the application: its faults are reported as uncaught, and end nothing of ours.
export function guard(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    (globalThis as { reportError?: (error: unknown) => void }).reportError?.(error);
  }
}
