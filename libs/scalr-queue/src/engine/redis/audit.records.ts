import type { ResolvedOptions } from '../../config/resolved-options.js';
import { type AuditRecord, type AuditRecords, KEPT_ACTS } from '../audit-records.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { auditKey } from './keys.js';

const FIELD = 'act';

/** One stream of the app. */
export class RedisAuditRecords implements AuditRecords {
  constructor(
    private readonly connections: RedisConnections,
    private readonly app: Pick<ResolvedOptions, 'prefix'>,
  ) {}

  async append(text: string): Promise<void> {
    await this.connections.producer.xadd(this.key, 'MAXLEN', '~', KEPT_ACTS, '*', FIELD, text);
  }

  async page(limit: number, before?: string): Promise<AuditRecord[]> {
    const from = before === undefined ? '+' : `(${before}`;
    const found = await this.connections.producer.xrevrange(this.key, from, '-', 'COUNT', limit);
    return found.map(([id, [, text = '']]) => ({ id, text }));
  }

  private get key(): string {
    return auditKey(this.app.prefix);
  }
}
