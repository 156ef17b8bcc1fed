const OVERFLOW = 'other';

/** The values that a label may have: the first so many, all others are one. So no flood of names makes a flood of series. */
export class BoundedLabels {
  private readonly values = new Set<string>();

  constructor(private readonly most: number) {}

  /** @param isKnown whether the value may take a place of its own */
  of(value: string | undefined, isKnown: (value: string) => boolean = () => true): string {
    if (value === undefined) return OVERFLOW;
    if (this.values.has(value)) return value;
    if (this.values.size >= this.most || !isKnown(value)) return OVERFLOW;
    this.values.add(value);
    return value;
  }
}
