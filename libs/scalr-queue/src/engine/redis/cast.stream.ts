import type { ResolvedOptions } from '../../config/resolved-options.js';
import { type CastListener, type CastStream, KEPT_CASTS } from '../shared.engine.js';
import { CastReader } from './cast.reader.js';
import type { RedisConnections } from './connection/redis.connections.js';
import { castKey } from './keys.js';
import { RedisScript } from './scripts/redis-script.js';
import { CAST } from './scripts/shared/cast.script.js';

const cast = new RedisScript('scalrCast', CAST);

/** What is said to all processes, in one stream of the app. Who listens has a connection of its own, which blocks; who does not has none. */
export class RedisCastStream implements CastStream {
  private readonly readers = new Set<CastReader>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly app: Pick<ResolvedOptions, 'prefix'>,
  ) {}

  async append(event: string, text: string): Promise<void> {
    await cast.run(this.connections.producer, [castKey(this.app.prefix)], [KEPT_CASTS, event, text]);
  }

  listen(listener: CastListener) {
    const reader = new CastReader(this.connections, castKey(this.app.prefix), listener);
    this.readers.add(reader);
    const stop = () => {
      this.readers.delete(reader);
      reader.stop();
    };
    return { stop, listening: reader.listening };
  }

  /** Nobody hears anything any more. */
  close(): void {
    for (const reader of this.readers) reader.stop();
    this.readers.clear();
  }
}
