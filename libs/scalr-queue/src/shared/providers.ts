import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { QueueConfigError } from '../contract/errors/configuration.errors.js';

/** An object of the application that there is from its boot on. */
export interface SharedProvider {
  readonly instance: object;
  readonly prototype: object;
  readonly name: string;
}

/** Finds the providers and controllers that decorators of `scalr-queue/shared` stand above. */
@Injectable()
export class SharedProviders {
  constructor(private readonly discovery: DiscoveryService) {}

  /**
   * Every object once.
   *
   * @param what says, of a prototype, what stands above it; undefined for nothing
   * @throws QueueConfigError for one in request scope or transient: nobody would call it
   */
  marked(what: (prototype: object) => string | undefined): SharedProvider[] {
    const found = new Map<unknown, SharedProvider>();
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      if (wrapper.isAlias) continue;
      const instance: unknown = wrapper.instance;
      const type = wrapper.inject ? undefined : (wrapper.metatype as { prototype?: object } | null);
      const prototype =
        type?.prototype ?? (isObject(instance) ? (Object.getPrototypeOf(instance) as object) : null);
      const mark = prototype && prototype !== Object.prototype ? what(prototype) : undefined;
      if (!prototype || mark === undefined) continue;
      const name = String(wrapper.name);
      if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient || !isObject(instance))
        throw new QueueConfigError(
          `${mark} of ${name} would never be called: ${name} is made for each request. Move it to a provider in default scope`,
        );
      found.set(instance, { instance, prototype, name });
    }
    return [...found.values()];
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
