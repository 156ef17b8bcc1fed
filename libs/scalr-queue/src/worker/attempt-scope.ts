import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';
import type { JobContext } from '../contract/job-context.js';

type ContextId = ReturnType<typeof ContextIdFactory.create>;
type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

const scopes = new WeakMap<JobContext, ContextId>();

/**
 * The request scope of an attempt: what is made for it is made once, be it for a hook, an enhancer or the handler. `REQUEST` is the context
 * of the attempt, or what the strategy of durable providers makes of it.
 * @param modules needed where it may be the first who asks, as is `wrapper`: of whom
 */
export function scopeOf(context: JobContext, modules?: ModuleRef, wrapper?: InstanceWrapper): ContextId {
  let scope = scopes.get(context);
  if (scope) return scope;
  const isDurable = wrapper?.isDependencyTreeDurable() ?? false;
  scope = isDurable ? ContextIdFactory.getByRequest(context) : ContextIdFactory.create();
  scopes.set(context, scope);
  modules?.registerRequestByContextId((isDurable && scope.payload) || context, scope);
  return scope;
}
