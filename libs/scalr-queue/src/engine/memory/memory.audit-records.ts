import { type AuditRecord, type AuditRecords, KEPT_ACTS } from '../audit-records.js';

/** What was done, in a list. */
export class MemoryAuditRecords implements AuditRecords {
  private readonly records: (AuditRecord & { readonly number: number })[] = [];
  private last = 0;

  async append(text: string): Promise<void> {
    this.last += 1;
    this.records.push({ id: `${this.last}-0`, number: this.last, text });
    if (this.records.length > KEPT_ACTS) this.records.shift();
  }

  async page(limit: number, before?: string): Promise<AuditRecord[]> {
    const end = before === undefined ? Infinity : Number.parseInt(before, 10);
    return this.records
      .filter(({ number }) => number < end)
      .toReversed()
      .slice(0, limit)
      .map(({ id, text }) => ({ id, text }));
  }
}
