/** What an event has besides its line and its data. @param file whose event it is, by its name. */
export type SessionPlace = (file: string) => {
  readonly session_id: string;
  readonly profile: string;
  readonly source: string;
};
