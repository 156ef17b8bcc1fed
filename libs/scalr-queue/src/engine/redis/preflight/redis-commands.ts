import type { ProcessRole } from '../../finding.js';

type Arguments = readonly (string | number)[];

/** A command that a role uses, in its own code, in its scripts or in those of BullMQ. Upstream: nobody lists the latter. */
export interface RedisCommand {
  /** As an ACL names it. */
  readonly name: string;
  /** Arguments with which it does nothing to an absent key (`K`, `K:h` …); absent where it must not be tried. */
  readonly probe?: Arguments;
  /** Whether all but one feature works without it. */
  readonly optional?: boolean;
}

const command = (name: string, ...probe: Arguments): RedisCommand => ({ name, probe });
/** Part of a connection or a transaction: one that works has been allowed them, and trying them would upset it. */
const untried = (name: string): RedisCommand => ({ name });

/**
 * Everything that a process does without running jobs. It holds all of it, reads and writes: a script that is refused a
 * command half way leaves half of its writes behind.
 */
const PRODUCER: readonly RedisCommand[] = [
  ...['auth', 'client|setname', 'cluster|info', 'cluster|slots', 'exec', 'hello', 'multi'].map(untried),
  ...['quit', 'readonly', 'select'].map(untried),
  command('del', 'K'),
  command('eval', 'return 1', 0),
  command('evalsha', '0000000000000000000000000000000000000000', 0),
  command('exists', 'K'),
  command('get', 'K'),
  command('getrange', 'K', 0, 0),
  command('hdel', 'K:h', 'f', 'n'),
  command('hexists', 'K:h', 'f'),
  command('hget', 'K:h', 'f'),
  command('hgetall', 'K:h'),
  command('hincrby', 'K:h', 'n', 1),
  command('hkeys', 'K:h'),
  command('hlen', 'K:h'),
  command('hmget', 'K:h', 'f'),
  command('hmset', 'K:h', 'f', '1'),
  command('hset', 'K:h', 'f', '1'),
  command('hsetnx', 'K:h', 'f', '1'),
  command('hstrlen', 'K:h', 'f'),
  command('incr', 'K'),
  command('info', 'server'),
  command('lindex', 'K:l', 0),
  command('llen', 'K:l'),
  command('lpop', 'K:l'),
  command('lpos', 'K:l', 'x'),
  command('lpush', 'K:l', 'x'),
  command('lrange', 'K:l', 0, 0),
  command('lrem', 'K:l', 0, 'x'),
  command('lset', 'K:l', 0, 'x'),
  command('ltrim', 'K:l', 0, 0),
  command('persist', 'K'),
  command('pexpire', 'K', 1),
  command('ping'),
  command('pttl', 'K'),
  command('rename', 'K:absent', 'K:absent'),
  command('rpop', 'K:l'),
  command('rpush', 'K:l', 'x'),
  command('sadd', 'K:s', 'x'),
  command('scard', 'K:s'),
  command('set', 'K', '1', 'PX', 1_000),
  command('sismember', 'K:s', 'x'),
  command('smembers', 'K:s'),
  command('srem', 'K:s', 'x'),
  command('time'),
  command('type', 'K'),
  command('xadd', 'K:x', 'MAXLEN', '~', 1, '*', 'f', '1'),
  command('xread', 'COUNT', 1, 'STREAMS', 'K:x', '$'),
  command('xrevrange', 'K:x', '+', '-', 'COUNT', 1),
  command('zadd', 'K:z', 1, 'x'),
  command('zcard', 'K:z'),
  command('zcount', 'K:z', 0, 0),
  command('zrange', 'K:z', 0, 0),
  command('zrangebyscore', 'K:z', 0, 0),
  command('zrank', 'K:z', 'x'),
  command('zrem', 'K:z', 'x'),
  command('zrevrange', 'K:z', 0, 0),
  command('zrevrangebyscore', 'K:z', 0, 0),
  command('zscore', 'K:z', 'x'),
];

/** What running jobs takes besides. */
const WORKER: readonly RedisCommand[] = [
  command('bzpopmin', 'K:z', 0.001),
  command('rpoplpush', 'K:l', 'K:l'),
  command('xtrim', 'K:x', 'MAXLEN', 0),
  command('zpopmin', 'K:z'),
  command('zremrangebyrank', 'K:z', 0, 0),
  command('zremrangebyscore', 'K:z', 0, 0),
];

/** Writes the history. */
const BITFIELD: RedisCommand = { ...command('bitfield', 'K', 'GET', 'u1', 0), optional: true };

/** Those that a role can do without. */
export const isOptional = (name: string): boolean => name === BITFIELD.name;

/** What a script or a service of ours uses to look. */
const READING =
  'exists get getrange hexists hget hgetall hkeys hlen hmget hstrlen info lindex llen lpos lrange ping pttl scard sismember smembers time type ' +
  'xrevrange zcard zcount zrange zrangebyscore zrank zrevrange zrevrangebyscore zscore';

/** What the console does over the connection that only looks, as a user that may write nothing. */
export const CONSOLE: readonly RedisCommand[] = [
  ...['auth', 'client|setname', 'exec', 'hello', 'multi', 'quit', 'select'].map(untried),
  ...PRODUCER.filter(({ name }) => READING.split(' ').includes(name)),
  command('eval_ro', 'return 1', 0),
  command('evalsha_ro', '0000000000000000000000000000000000000000', 0),
  command('memory|usage', 'K'),
  command('scan', 0, 'COUNT', 1),
];

/** The one list of what each role may do: the ACL of SECURITY.md and `scalr-queue acl` and the preflight are made of it. */
export const COMMANDS_OF: Readonly<Record<ProcessRole, readonly RedisCommand[]>> = {
  producer: PRODUCER,
  worker: [...PRODUCER, ...WORKER, BITFIELD],
};
