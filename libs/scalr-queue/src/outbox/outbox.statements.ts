/** Where commits wake the relay; the message is the name of the app. */
export const CHANNEL = 'scalr_queue_outbox';

/** Rows of one look of the relay. */
export const RELAY_BATCH = 500;

/** Rows that the retention deletes at a time. */
export const KEEP_SLICE = 1_000;

/** How long the lease of a relay is good for. */
export const LEASE = 5_000;

/** The answer to a receipt that another transaction is writing: its key is missing, and may not be (not_null_violation). */
export const RECEIPT_BUSY = '23502';

/** Pending jobs are not counted beyond so many. */
const MAX_COUNT = 100_000;

/** All SQL but that of the migrations. Names of schemas are checked and need no quotes. */
export class OutboxStatements {
  private readonly outbox: string;
  private readonly relay: string;
  private readonly receipts: string;

  constructor(
    readonly schema: string,
    private readonly notify = true,
  ) {
    this.outbox = `${schema}.outbox`;
    this.relay = `${schema}.relay`;
    this.receipts = `${schema}.receipt`;
  }

  /** Params: an array of rows as JSON, the app. All are texts, which every library hands on. */
  get record(): string {
    const insert = `insert into ${this.outbox} (app, name, id, queue, payload, options, durable)
select $2::text, r.name, r.id, r.queue, r.payload::json, r.options::json, r.durable
from json_to_recordset($1::text::json) as r(name text, id text, queue text, payload text, options text, durable boolean)
on conflict on constraint outbox_job do nothing`;
    if (!this.notify) return insert;
    return `with recorded as (${insert} returning seq)
select pg_notify('${CHANNEL}', $2::text) is null as told from (select 1 from recorded limit 1) as any_row`;
  }

  /** Params: app, holder. Returns the epoch where the lease is held now. */
  get lease(): string {
    return `insert into ${this.relay} as r (app, holder, until)
values ($1, $2, clock_timestamp() + interval '${LEASE} milliseconds')
on conflict (app) do update set holder = excluded.holder, until = excluded.until
where r.until < clock_timestamp() or r.holder = excluded.holder
returning epoch`;
  }

  /** Params: app. Returns a row while anybody holds the lease. */
  get leaseHeld(): string {
    return `select holder from ${this.relay} where app = $1 and until > clock_timestamp()`;
  }

  /** Params: app, holder. */
  get release(): string {
    return `update ${this.relay} set until = clock_timestamp() - interval '1 second' where app = $1 and holder = $2`;
  }

  /** Params: app, queues to leave alone, a seq to begin after. By the number: its text sorts otherwise. */
  get pending(): string {
    return `select seq::text, name, id, queue, payload::text, options::text, durable, tries from ${this.outbox} o
where app = $1 and seq > $3 and sent_at is null and error is null and (retry_at is null or retry_at <= clock_timestamp())
and queue <> all($2::text[])
order by o.seq limit ${RELAY_BATCH}`;
  }

  /** Params: app, id, a name or null. Tries below zero: cancelled. Nothing is, where jobs of several names are meant. */
  get cancel(): string {
    const meant = `app = $1 and id = $2 and ($3::text is null or name = $3) and sent_at is null and error is null`;
    return `with meant as (select array_agg(name order by name) as names from ${this.outbox} where ${meant}),
cancelled as (update ${this.outbox} set tries = -1, retry_at = null
where ${meant} and (select cardinality(names) from meant) = 1 returning 1)
select (select count(*) from cancelled)::int as jobs, names${this.notify ? `, pg_notify('${CHANNEL}', $1::text) is null as told` : ''} from meant`;
  }

  /**
   * Params: seqs, whether each is done, app, holder, epoch, whether each was sent as a cancelled one: where that has changed meanwhile, it
   * is sent again. Only for who holds the lease, and not while another epoch begins: the row of
   * the lease is locked meanwhile.
   */
  get markSent(): string {
    return `with held as (select 1 from ${this.relay} where app = $3 and holder = $4 and epoch = $5 for share)
update ${this.outbox} o set sent_at = clock_timestamp(), retry_at = null,
done_at = coalesce(o.done_at, case when m.done or not o.durable then clock_timestamp() end)
from unnest($1::bigint[], $2::boolean[], $6::boolean[]) as m(seq, done, cancelled)
where o.seq = m.seq and o.sent_at is null and (o.tries < 0) = m.cancelled and exists (select 1 from held)`;
  }

  /** Params: seq, what is wrong, tries after which it is given up. */
  get refuse(): string {
    return `update ${this.outbox} set tries = tries + 1,
retry_at = clock_timestamp() + least(tries + 1, 10) * interval '1 second',
error = case when tries + 1 >= $3 then $2::text end
where seq = $1 and sent_at is null and tries >= 0 returning error`;
  }

  /** Params: app, the id of a job that took over the payload, the seq of the row that it came from. */
  get takeOver(): string {
    return `with given as (update ${this.outbox} set done_at = clock_timestamp(), sent_at = clock_timestamp() where seq = $3
returning name, payload, options)
update ${this.outbox} o set payload = given.payload,
options = jsonb_set(o.options::jsonb, '{options}', (o.options::jsonb -> 'options') || jsonb_strip_nulls(jsonb_build_object(
  'scalr', given.options::jsonb #> '{options,scalr}', 'attempts', given.options::jsonb #> '{options,attempts}')))::json
from given where o.app = $1 and o.name = given.name and o.id = $2 and o.done_at is null`;
  }

  /** Params: app, the seq of a row that took the place of others, its unique key. */
  get replaced(): string {
    return `update ${this.outbox} set done_at = clock_timestamp()
where app = $1 and seq < $2 and done_at is null and sent_at is not null
and options #>> '{options,deduplication,id}' = $3`;
  }

  /** Params: app, names, ids. */
  get markDone(): string {
    return `update ${this.outbox} o set done_at = clock_timestamp(), sent_at = coalesce(o.sent_at, clock_timestamp())
from (select distinct on (name, id) name, id from unnest($2::text[], $3::text[]) as e(name, id)) as e
where o.app = $1 and o.name = e.name and o.id = e.id and o.done_at is null`;
  }

  /** Params: app, holder, epoch. Returns a row where the lease is held. */
  get beginEpoch(): string {
    return `update ${this.relay} set epoch = $3 where app = $1 and holder = $2 returning 1`;
  }

  /** Params: app. All that has not ended is to be sent again. */
  get unsend(): string {
    return `update ${this.outbox} set sent_at = null where app = $1 and done_at is null and sent_at is not null`;
  }

  /** Params: app, a seq to begin after, how many. Those that were sent a while ago and have not ended. */
  get unfinished(): string {
    return `select seq::text, name, id, queue, sent_at::text from ${this.outbox} o
where app = $1 and sent_at is not null and done_at is null and seq > $2 and sent_at < clock_timestamp() - interval '1 minute'
order by o.seq limit $3`;
  }

  /** Params: seqs, when each was sent. Those that Redis has lost. */
  get unsendLost(): string {
    return `update ${this.outbox} o set sent_at = null from unnest($1::bigint[], $2::timestamptz[]) as l(seq, sent_at)
where o.seq = l.seq and o.sent_at = l.sent_at and o.done_at is null`;
  }

  /** Params: app, age in milliseconds. Returns the rows that it deleted. */
  get sweep(): string {
    return `delete from ${this.outbox} where seq in (select seq from ${this.outbox}
where app = $1 and done_at < clock_timestamp() - $2 * interval '1 millisecond' order by done_at limit ${KEEP_SLICE})
returning 1`;
  }

  /** Params: app, age in milliseconds. */
  get sweepReceipts(): string {
    return `delete from ${this.receipts} where (app, job_id, key) in (select app, job_id, key from ${this.receipts}
where app = $1 and at < clock_timestamp() - $2 * interval '1 millisecond' order by at limit ${KEEP_SLICE})
returning 1`;
  }

  /** Params: app, job id, key. Fails with {@link RECEIPT_BUSY} while another transaction writes the same: nobody waits with a connection. */
  get receipt(): string {
    return `insert into ${this.receipts} (app, job_id, key)
select $1::text, $2::text, case when pg_try_advisory_xact_lock(hashtextextended(concat_ws(' ', $1::text, $2::text, $3::text), 0))
  then $3::text end`;
  }

  /** Params: app, job id, key, what is kept with the receipt. */
  get keepResult(): string {
    return `update ${this.receipts} set result = nullif($4::text, '') where app = $1 and job_id = $2 and key = $3`;
  }

  /** Params: app, job id, key. */
  get findReceipt(): string {
    return `select coalesce(result, '') as result from ${this.receipts} where app = $1 and job_id = $2 and key = $3`;
  }

  /** Params: app. */
  get state(): string {
    return `select
(select count(*) from (select 1 from ${this.outbox} where app = $1 and sent_at is null and error is null limit ${MAX_COUNT}) as p)::text as pending,
(select extract(epoch from clock_timestamp() - created_at) * 1000 from ${this.outbox}
  where app = $1 and sent_at is null and error is null order by seq limit 1)::text as age,
(select count(*) from (select 1 from ${this.outbox} where app = $1 and error is not null limit ${MAX_COUNT}) as e)::text as refused,
(select holder from ${this.relay} where app = $1 and until > clock_timestamp()) as holder`;
  }

  /** Params: app. More than what the metrics need, at a cost that grows with the table. */
  get report(): string {
    return `select count(*)::text as rows,
count(*) filter (where done_at is null and sent_at is not null)::text as open,
count(*) filter (where done_at is not null)::text as done
from ${this.outbox} where app = $1`;
  }

  /** What the table takes, and how much of that is dead, of all apps. */
  get bloat(): string {
    return `select pg_total_relation_size('${this.outbox}'::regclass)::text as bytes, n_live_tup::text as live, n_dead_tup::text as dead
from pg_stat_user_tables where relid = '${this.outbox}'::regclass`;
  }

  /** Params: app, since when (milliseconds before now), whether jobs that have ended are sent again as well. */
  replay(change: boolean): string {
    const which = `app = $1 and created_at >= clock_timestamp() - $2 * interval '1 millisecond'
and ((durable and done_at is null and sent_at is not null) or error is not null or ($3::boolean and done_at is not null))`;
    if (!change) return `select count(*)::text as rows from ${this.outbox} where ${which}`;
    return `with changed as (update ${this.outbox} set sent_at = null, done_at = null, error = null, tries = 0, retry_at = null
where ${which} returning 1), told as (select pg_notify('${CHANNEL}', $1::text) is null as told)
select count(*)::text as rows, (select told from told) from changed`;
  }

  /** What the boot looks at. */
  get check(): string {
    const rights = ['outbox', 'relay', 'receipt']
      .flatMap((table) =>
        ['select', 'insert', 'update', 'delete'].map(
          (right) => `has_table_privilege('${this.schema}.${table}', '${right}')`,
        ),
      )
      .join(' and ');
    return `select current_user::text as "user", has_schema_privilege('${this.schema}', 'usage') and ${rights} as allowed`;
  }

  /** Whether there are tables. It never fails for want of rights. */
  get exists(): string {
    return `select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = '${this.schema}' and c.relname = 'outbox') as found, current_user::text as "user"`;
  }

  get version(): string {
    return `select coalesce(max(version), 0)::text as version from ${this.schema}.migration`;
  }
}
