import pg from 'pg';
import { postgresOutbox } from 'scalr-queue/outbox';

const SELECT = /^select seq::text, name/;
const MARK = /^with held as/;
const LEASE = /^insert into \S+relay/;

/** A pool of the tests' own, whose errors are none of theirs. */
export function poolAt(url, options = {}) {
  const pool = new pg.Pool({ connectionString: url, max: 5, ...options });
  pool.on('error', () => undefined);
  return pool;
}

/**
 * The outbox of a process. `follow`: it never gets the lease. `trap`: at a moment of its work as a relay, after so many batches, the
 * process gets a signal, from itself, so that the moment is exact.
 */
export function outboxOf({ url, relay = 'workers', follow = false, trap }) {
  const pool = poolAt(url);
  if (!follow && !trap) return postgresOutbox({ pool, relay });
  let left = trap?.after ?? Infinity;
  const spring = (moment) => {
    if (moment === trap?.moment && --left === 0) process.kill(process.pid, trap.signal);
  };
  const query = async (run, text, params) => {
    if (follow && LEASE.test(text)) return { rows: [] };
    if (MARK.test(text)) spring('before mark');
    const result = await run(text, params);
    if (SELECT.test(text) && result.rows.length > 0) spring('before send');
    if (MARK.test(text) && result.rowCount > 0) spring('after mark');
    return result;
  };
  const connect = async () => {
    const client = await pool.connect();
    return new Proxy(client, {
      get(target, name) {
        if (name === 'query') return (text, params) => query(target.query.bind(target), text, params);
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const trapped = {
    options: pool.options,
    connect,
    query: (...args) => query(pool.query.bind(pool), ...args),
  };
  return postgresOutbox({ pool: trapped, relay });
}

/** How a transaction ends. */
const endings = {
  commit: (client) => client.query('commit'),
  rollback: (client) => client.query('rollback'),
  savepoint: async (client) => {
    await client.query('rollback to savepoint before');
    await client.query('commit');
  },
  'lost connection': (client) => client.end(),
};

/** Runs transactions that record a job each, of that ending. */
export async function transactions({ url }, queue, definition, { count, ending }) {
  const pool = poolAt(url, { max: 10 });
  const others = poolAt(url);
  await others.query('create table if not exists counter (key text primary key, n int)');
  const one = async () => {
    const client = await pool.connect();
    client.on('error', () => undefined);
    try {
      if (ending === 'serialization failure') return await conflict(client, others, queue, definition);
      await client.query('begin');
      if (ending === 'savepoint') await client.query('savepoint before');
      const { id, status } = await queue.enqueue(definition, {}, { tx: client });
      await endings[ending](client);
      return { id, status };
    } finally {
      client.release(ending === 'lost connection');
    }
  };
  try {
    return { jobs: await Promise.all(Array.from({ length: count }, one)) };
  } finally {
    await Promise.all([pool.end(), others.end()]);
  }
}

/** A second transaction changes the row that the first has read, and commits first. */
async function conflict(client, others, queue, definition) {
  const key = crypto.randomUUID();
  await others.query('insert into counter values ($1, 0)', [key]);
  await client.query('begin isolation level serializable');
  await client.query('select n from counter where key = $1', [key]);
  const { id, status } = await queue.enqueue(definition, {}, { tx: client });
  await others.query('update counter set n = n + 1 where key = $1', [key]);
  const failed = await client.query('update counter set n = n + 1 where key = $1', [key]).then(
    () => undefined,
    ({ code }) => code,
  );
  await client.query('rollback');
  return { id, status, failed };
}
