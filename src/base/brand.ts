declare const brand: unique symbol;

/**
 * A string or number that only its parser can make: `type ContainerId = Brand<string,
 * 'ContainerId'>`.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
