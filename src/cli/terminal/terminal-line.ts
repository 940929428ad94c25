/** What the output of a session has left on a terminal that agentd's own lines come to as well. */

const RESET_COLOURS = "\x1b[0m";
const SHOW_CURSOR = "\x1b[?25h";

/** One terminal, as standard output and standard error share it. */
export class TerminalLine {
  /** Whether something is on the last line, which has no newline yet. */
  isOpen = false;
  /** Whether colours or other renditions are on. */
  isColoured = false;
  /** Whether anything at all may have come to the terminal, such as what hides the cursor. */
  isRaw = false;

  /** What gives the terminal its own renditions and its cursor back; once, until a session's output comes again. */
  restored(): string {
    const text = (this.isColoured ? RESET_COLOURS : "") + (this.isRaw ? SHOW_CURSOR : "");
    this.isColoured = false;
    this.isRaw = false;
    return text;
  }

  /** As `restored`, and begins a new line where the last one is open. */
  begun(): string {
    const text = this.restored() + (this.isOpen ? "\n" : "");
    this.isOpen = false;
    return text;
  }
}
