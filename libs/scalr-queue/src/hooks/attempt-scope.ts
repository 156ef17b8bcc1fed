import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';

type ContextId = ReturnType<typeof ContextIdFactory.create>;
type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];

const plain = new WeakMap<object, ContextId>();
const durable = new WeakMap<object, ContextId>();

/**
 * The request scope of an attempt: what is made for it is made once, be it for a hook, an enhancer or the handler. `REQUEST` is the context
 * of the attempt, or what the strategy of durable providers makes of it.
 * @param context of the attempt; of a call that enqueues, the call
 * @param modules any of the application
 * @param wrapper of what is made
 */
export function scopeOf(context: object, modules: ModuleRef, wrapper?: InstanceWrapper): ContextId {
  const isDurable = wrapper?.isDependencyTreeDurable() ?? false;
  const scopes = isDurable ? durable : plain;
  let scope = scopes.get(context);
  if (scope) return scope;
  scope = isDurable ? ContextIdFactory.getByRequest(context) : ContextIdFactory.create();
  scopes.set(context, scope);
  modules.registerRequestByContextId((isDurable && scope.payload) || context, scope);
  return scope;
}
