/**
 * A session: process groups that share a controlling terminal (credentials(7)). The terminal knows
 * which of them is in the foreground.
 */
export class Session {
  /** The pid of its leader. */
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}
