/** Hours in which nothing leaves: minutes of the day in the vault's time zone. `from` after `to` spans midnight. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}
