import type { DiscoveryService } from '@nestjs/core';

type InstanceWrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Enhancer = object;

/** What kind of parameter Nest tells pipes of: `body`, which is what a `ValidationPipe` validates. */
const BODY = 3;

/** A parameter of a handler, as Nest describes them. */
interface Param {
  readonly index: number;
  readonly type: number;
  readonly data: undefined;
  readonly pipes: readonly never[];
  readonly extractValue: (...args: unknown[]) => unknown;
}

/** The payload, which pipes see. */
export const PIPED: Param = {
  index: 0,
  type: BODY,
  data: undefined,
  pipes: [],
  extractValue: (payload) => payload,
};

/** The context, which they do not. */
export const UNPIPED: Param = { ...PIPED, index: 1, type: 99, extractValue: (_payload, context) => context };

/** The filters of one handler, those of the method first. */
export interface ExceptionFilters {
  readonly filters: readonly {
    readonly func: (thrown: unknown, host: object) => unknown;
    readonly exceptionMetatypes?: readonly (abstract new (...args: never[]) => unknown)[];
  }[];
  next(thrown: unknown, host: object): unknown;
}

/** The enhancers bound with `APP_*`. */
export interface GlobalEnhancers {
  /** Those made for each request. */
  readonly scoped: readonly InstanceWrapper[];
  /** Whether there is any. */
  readonly some: boolean;
}

/** Makes the enhancers of one kind. */
export interface ContextCreator {
  getGlobalMetadata: (...args: unknown[]) => unknown[];
  create: (...args: unknown[]) => unknown;
}

/** As much of `ApplicationConfig` as is asked. */
interface GlobalConfig {
  getGlobalGuards(): Enhancer[];
  getGlobalInterceptors(): Enhancer[];
  getGlobalPipes(): Enhancer[];
  getGlobalFilters(): Enhancer[];
  getGlobalRequestGuards(): InstanceWrapper[];
  getGlobalRequestInterceptors(): InstanceWrapper[];
  getGlobalRequestPipes(): InstanceWrapper[];
  getGlobalRequestFilters(): InstanceWrapper[];
}

/** Nest's `ExternalContextCreator` with what it is made of; the same in Nest 11 and 12. */
export interface Creator {
  guardsContextCreator: ContextCreator & { readonly config: GlobalConfig };
  interceptorsContextCreator: ContextCreator;
  pipesContextCreator: ContextCreator;
  filtersContextCreator: ContextCreator;
  readonly guardsConsumer: {
    tryActivate(
      guards: Enhancer[],
      args: unknown[],
      instance: object,
      callback: object,
      type: string,
    ): Promise<boolean>;
  };
  getHostModuleKey: () => string;
  getContextModuleKey: () => string;
  getMetadata: () => {
    argsLength: number;
    paramtypes: unknown;
    getParamsMetadata: () => readonly Param[];
  };
  getParamValue: (value: unknown, metadata: { readonly type: number }, pipes: unknown[]) => Promise<unknown>;
  createGuardsFn: (
    guards: Enhancer[],
    instance: object,
    callback: object,
    type: string,
  ) => ((args: unknown[]) => Promise<void>) | null;
  transformToResult(value: unknown): Promise<unknown>;
  create(
    instance: object,
    callback: object,
    methodName: string,
    metadataKey: undefined,
    paramsFactory: undefined,
    contextId: object | undefined,
    inquirerId: string,
    options: object,
    contextType: string,
  ): (...args: unknown[]) => Promise<unknown>;
}
