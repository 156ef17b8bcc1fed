/** Upstream: what ioredis adds to its errors. */
interface Tainted {
  command?: { readonly name: string; readonly args?: unknown };
  readonly previousErrors?: readonly unknown[];
  readonly lastNodeError?: unknown;
  readonly cause?: unknown;
}

/** Takes the arguments of the failed command off an error of ioredis: passwords and payloads. */
export function hideArguments(error: unknown, depth = 3): void {
  if (typeof error !== 'object' || error === null || depth === 0) return;
  const tainted = error as Tainted;
  if (tainted.command?.args) tainted.command = { name: tainted.command.name };
  for (const inner of [...(tainted.previousErrors ?? []), tainted.lastNodeError, tainted.cause]) {
    hideArguments(inner, depth - 1);
  }
}
