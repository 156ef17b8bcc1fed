import type { RedisClient } from '../connection/redis.client.js';

type Run = (count: number, ...keysAndArguments: (string | number)[]) => Promise<unknown>;

/**
 * A Lua script of ours, sent by its hash. Where Redis has forgotten it (SCRIPT FLUSH, a restart, another node, 500 newer scripts)
 * the client sends the text; it can do so only outside of MULTI, so a script must do by itself all that belongs together.
 */
export class RedisScript {
  private readonly runs = new WeakMap<RedisClient, Run>();

  /** @param name tells it apart on a connection */
  constructor(
    private readonly name: string,
    private readonly lua: string,
  ) {}

  run(client: RedisClient, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    let run = this.runs.get(client);
    if (!run) {
      client.defineCommand(this.name, { lua: this.lua });
      run = (Reflect.get(client, this.name) as Run).bind(client);
      this.runs.set(client, run);
    }
    return run(keys.length, ...keys, ...args);
  }
}
