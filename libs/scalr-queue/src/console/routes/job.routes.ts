import type { JobRef } from '../../contract/job-ref.js';
import { redactedJob } from '../../observability/redacted-job.js';
import { ConsoleError } from '../console.error.js';
import type { Call, Route } from '../router.js';
import { shownDead, shownDetails, shownExplanation } from '../shown.js';
import { askedApps, servicesOf } from '../visible-apps.js';
import { deadFilterOf, listOptionsOf, pageOf } from './queries.js';

/** Jobs of one app, the dead ones also by what they died of. */
export const JOB_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/api/jobs', role: 'view', answer: jobs },
  { method: 'GET', path: '/api/jobs/:app/:name/:id', role: 'view', answer: job },
  { method: 'GET', path: '/api/jobs/:app/:name/:id/explain', role: 'view', answer: explain },
  { method: 'GET', path: '/api/find/:id', role: 'view', answer: find },
  { method: 'GET', path: '/api/dead', role: 'view', answer: dead },
  { method: 'GET', path: '/api/dead/groups', role: 'view', answer: groups, sharedFor: 1_000 },
];

async function jobs(call: Call): Promise<object> {
  const services = await servicesOf(call);
  const page = await services.jobs.list(listOptionsOf(call.query), pageOf(call.query));
  return { ...page, jobs: page.jobs.map(redactedJob) };
}

async function job(call: Call): Promise<object> {
  const { viewer, settings } = call;
  const services = await servicesOf(call, call.params['app']);
  const found = await services.jobs.details(refOf(call));
  if (!found) throw noJob();
  return shownDetails(found, viewer.payload, settings);
}

async function explain(call: Call): Promise<object> {
  const services = await servicesOf(call, call.params['app']);
  const found = await services.jobs.explain(refOf(call));
  if (!found) throw noJob();
  return shownExplanation(found);
}

/** By its id alone, as it is copied from a log: in all apps that the account sees, or in the one that `?app=` names. */
async function find(call: Call): Promise<object> {
  const jobs = [];
  for (const { app } of await askedApps(call)) {
    const services = await servicesOf(call, app);
    const found = await services.jobs.get(call.params['id']!);
    if (found) jobs.push({ app, ...redactedJob(found) });
  }
  return { jobs };
}

async function dead(call: Call): Promise<object> {
  const services = await servicesOf(call);
  const page = await services.deadLetters.list(deadFilterOf(call.query), pageOf(call.query));
  return { ...page, jobs: page.jobs.map(shownDead) };
}

async function groups(call: Call): Promise<object> {
  const services = await servicesOf(call);
  const found = await services.deadLetters.groups(deadFilterOf(call.query));
  return { ...found, groups: found.groups.map(redactedJob) };
}

function refOf({ params, query }: Call): JobRef {
  const queue = query.get('queue');
  const [id, name] = [params['id']!, params['name']!];
  return queue === null ? { id, name } : { id, name, queue };
}

const noJob = () =>
  new ConsoleError(404, 'UNKNOWN_JOB', 'no such job is stored: it never was, or is not kept');
