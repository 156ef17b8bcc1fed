/** How to run a command that refuses to be root, whoever this is. */
export function unprivileged(command: string, args: string[]): { command: string; args: string[] };
