// @ts-check
/** What a job costs that is nothing but a row, which nobody takes. @param {import('./side.d.mts').Stores} stores @returns {Promise<import('./side.d.mts').OutboxSide>} */
export async function open({ pool }) {
  await pool.query('create table plain (id bigserial primary key, payload json not null)');
  return {
    enqueue: (tx, payload) => tx.query('insert into plain (payload) values ($1)', [JSON.stringify(payload)]),
  };
}
