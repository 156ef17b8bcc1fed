import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef, ModulesContainer, type NestContainer } from '@nestjs/core';
import { BootScope } from './boot.scope.js';

/**
 * Puts the module that holds it at the end of the shutdown, after every module of the application, and at the beginning of the
 * boot: whatever a shutdown hook enqueues is still taken, and whatever a boot hook enqueues finds the connection there.
 */
@Injectable()
export class ClosingOrder implements OnModuleInit {
  private readonly boot = BootScope.current();

  constructor(modules: ModulesContainer, moduleRef: ModuleRef) {
    for (const module of modules.values()) {
      // Nest calls the hooks in the order of this number, which is the largest safe one for global modules.
      if (module.providers.has(ClosingOrder)) module.distance = Infinity;
    }
    const { container } = moduleRef as unknown as { container: NestContainer };
    this.boot?.useContainer(container);
  }

  /** Called by Nest, before it is called in any other module. */
  onModuleInit(): void {
    this.boot?.watchHooks();
  }
}
