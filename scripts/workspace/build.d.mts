export function buildIfNeeded(root: string, build: () => Promise<boolean>): Promise<boolean>;
