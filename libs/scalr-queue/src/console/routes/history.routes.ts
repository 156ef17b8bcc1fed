import type { History, HistoryQuery } from '../../contract/history.js';
import { historyOf } from '../../history/history.service.js';
import type { Call, Route } from '../router.js';
import { askedApps, servicesOf } from '../visible-apps.js';

/** What the workers did, of one app or added up over all that an account sees. */
export const HISTORY_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/history', role: 'view', answer: history, sharedFor: 5_000 },
];

async function history(call: Call): Promise<History> {
  const apps = await askedApps(call);
  const services = await Promise.all(apps.map(async ({ app }) => (await servicesOf(call, app)).history));
  return historyOf(queryOf(call.query), services, Date.now());
}

/** The service says what is wrong with a value. */
function queryOf(query: URLSearchParams): HistoryQuery {
  const given = ['range', 'step', 'kind', 'queue'].flatMap((name) => {
    const text = query.get(name);
    return text === null || text === '' ? [] : [[name, text]];
  });
  return Object.fromEntries(given) as HistoryQuery;
}
