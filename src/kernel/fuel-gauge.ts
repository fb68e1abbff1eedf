/** The rewritten program's exported counter: fuel that is left; below zero it calls the hook. */
export interface FuelGlobal {
  value: number;
}

/** How much fuel a process was given, and how much of it is left. */
export class FuelGauge {
  readonly #global: FuelGlobal;
  #given = 0;

  constructor(global: FuelGlobal) {
    this.#global = global;
  }

  /** Below zero: so much was used beyond what was given. */
  get left(): number {
    return this.#global.value;
  }

  get used(): number {
    return this.#given - this.#global.value;
  }

  give(amount: number): void {
    this.#global.value += amount;
    this.#given += amount;
  }
}
