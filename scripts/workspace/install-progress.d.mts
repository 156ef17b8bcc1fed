export function wantedPackages(root: string): string[];
export function showProgress(root: string, log: (line: string) => void, interval?: number): () => void;
