// @ts-check

/**
 * @param {{ webUrl: string, workerUrl: string, redis: import('../redis/provide.d.mts').ProvidedRedis, postgres: import('../postgres/provide.d.mts').ProvidedPostgres | undefined, dashboard: ReturnType<typeof import('./settings.mjs').dashboardFor> }} running
 */
export function printWelcome({ webUrl, workerUrl, redis, postgres, dashboard }) {
  const web = new URL(webUrl).host;
  const worker = new URL(workerUrl).host;
  const tryOrders = `  curl -s -X POST ${web}/orders -H 'content-type: application/json' -d '{"email":"ada@example.com"}'\n`;
  const password = dashboard.password ?? 'the one in SCALR_DASHBOARD_PASSWORD';
  const outbox = postgres
    ? postgres.isPrivate
      ? `${postgres.url}  (private, data in .run/postgres)`
      : 'the one in SCALR_POSTGRES_URL'
    : 'none: orders are refused, and jobs are in Redis only';
  const named = redis.origin === 'SCALR_REDIS_URL';
  console.log(`
Ready.
  web      ${webUrl}
  worker   ${workerUrl}  (health only)
  queues   ${dashboard.url}  (user ${dashboard.user}, password ${password})
  redis    ${named ? 'the one in SCALR_REDIS_URL' : `${redis.url}  (private, data in .run/redis)`}
  postgres ${outbox}

Try:
  curl -s -X POST ${web}/invoices/018f4e3a-5b7c-7d2e-9f10-1a2b3c4d5e6f/send -H 'content-type: application/json' -d '{"email":"ada@example.com"}'
  curl -s -X POST ${web}/reports -H 'content-type: application/json' -d '{"upTo":10000000}'
${postgres ? tryOrders : ''}  curl -s ${web}/jobs/<jobId>
  curl -s ${worker}/health/ready

Ctrl-C stops all of it.
`);
}
