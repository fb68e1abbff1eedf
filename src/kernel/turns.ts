/** The cell's event loop, as far as the kernel needs it. */
export interface Turns {
  /** Calls back once the event loop has looked at its sockets and timers. */
  atNextTurn(callback: () => void): void;
}
