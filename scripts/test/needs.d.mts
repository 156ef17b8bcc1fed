export function titled(title: string, wanted?: readonly string[]): string;
export function unexcused(
  titles: readonly string[],
  probes?: Record<string, () => boolean | Promise<boolean>>,
): Promise<string[]>;
