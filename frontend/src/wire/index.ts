// The one door to the wire: the shapes generated from openapi.json under the names used here, with codes told apart.
// A field that the server no longer has does not compile.

import type { components } from './api';
import type * as C from './codes';

export type * from './codes';

type S = components['schemas'];
/** `T` with some fields narrowed; each of them must exist in `T`. */
type With<T, N extends { [K in keyof N]: K extends keyof T ? unknown : never }> = Omit<T, keyof N> & N;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
export type FieldError = S['FieldProblem'];
export type Problem = With<S['Problem'], { suggestions?: Suggestion[] | null; ways?: C.Way[] | null; passkey?: Challenge | null }>;

/** `time_zone` comes with newer servers; else the geography says it. */
export type Me = With<S['MeOut'], { role: C.Role; language: C.Language }> & { time_zone?: string };
export type Session = With<S['SignInAnswer'], { user: Me }>;
/** What proves who one is: one of these. */
export type Answer = Partial<With<S['ProofBody'], { passkey?: { challenge_id: string; credential: unknown } }>>;
/** What a browser is asked to sign with a passkey, binary fields in base64url. */
export type Challenge = With<S['ChallengeOut'], { options: { publicKey: PublicKeyCredentialRequestOptionsJSON } }>;
/** What a browser is asked to make a passkey of. */
export type NewPasskey = With<S['ChallengeOut'], { options: { publicKey: PublicKeyCredentialCreationOptionsJSON } }>;
export type Factor = With<S['FactorOut'], { kind: 'totp' | 'passkey' }>;
export type Factors = With<S['FactorsOut'], { items: Factor[] }>;
/** A secret for an app that makes codes: to be typed, to be opened, or to be scanned. */
export type NewCodes = S['NewTotpOut'];
/** With the first factor they come by themselves. */
export type RecoveryCodes = Pick<S['ConfirmedOut'], 'recovery_codes'>;
export type OwnSession = S['SessionOut'];
/** A browser that is known. */
export type Device = S['DeviceOut'];
/** Whom a link in a letter is for. */
export type Ticket = With<S['WelcomeOut'], { kind: 'first' | 'invitation' | 'reset'; role: C.Role; language: C.Language }>;

export type Region = With<S['RegionOut'], { names: C.Names }>;
export type District = With<S['DistrictOut'], { names: C.Names }>;
export type Geography = With<S['GeographyOut'], { regions: Region[]; districts: District[] }>;

export type AdmissionRules = With<S['RulesBody'], { admits: C.Need[] }>;
export type Room = With<S['RoomBody'], { kind: C.RoomKind; cots: number; step_free: boolean }>;
interface ShelterCodes {
  kind: C.ShelterKind;
  location_policy: C.LocationPolicy;
  languages: string[];
  services: C.Need[];
  rules: AdmissionRules;
  rooms: Room[];
  report_due: string;
  report_interval_hours: number;
}
export type ShelterBody = With<S['ShelterBody'], ShelterCodes & { canary: boolean }>;
export type Shelter = With<S['ShelterOut'], ShelterCodes>;
/** A shelter in a list, and how it stands with its report. */
export type ShelterRow = Shelter & Pick<S['ShelterRow'], 'last_report_at' | 'reminders' | 'operators_told'>;
export type Confidential = S['ConfidentialBody'];

export type Counts = S['CountsOut'];
export type ReportBody = S['ReportBody'];
/** Another report that she had not seen when she wrote, and that says otherwise. */
export type Conflict = With<S['ConflictOut'], { rooms: ReportLine[] }>;
export type ReportAnswer = With<S['ReceiptOut'], { freshness: C.Freshness; conflict?: Conflict | null }>;
export type ReportLine = With<S['ReportLineOut'], { out_of_service_reason?: C.OutOfServiceReason | null }>;
export type Report = With<S['ReportOut'], { lines: ReportLine[] }>;
export type RoomState = With<S['RoomStateOut'], { kind: C.RoomKind; out_of_service_reason?: C.OutOfServiceReason | null }>;
export type Stock = With<S['StockOut'], { status: C.StockStatus }>;
/** What the daily report shows of it. */
export type Counted = Pick<Stock, 'item' | 'on_hand' | 'status' | 'daily_use' | 'days_of_cover'>;
export type ShelterState = With<S['ShelterStateOut'], { freshness: C.Freshness; rooms: RoomState[]; holds: Hold[]; stock: Stock[] }>;
export type Push = S['PushOut'];
export type BrowserBody = S['BrowserBody'];
/** A telephone that reports by text message. */
export type Phone = With<S['PhoneOut'], { state: 'waiting' | 'connected' }>;
export type Phones = With<S['PhonesOut'], { items: Phone[] }>;
export type PhoneCode = S['PhoneCodeOut'];
export type Item = With<S['ItemOut'], { names: C.Names; unit: 'kg' | 'litre' | 'piece' | 'set'; category: C.ItemCategory }>;
export type Items = With<S['ItemsOut'], { items: Item[] }>;
export type ItemBody = S['ItemBody'];
export type Kit = With<S['KitOut'], { names: C.Names }>;
export type Movement = S['MovementOut'];
export type SupplyRequest = With<S['SupplyRequestOut'], { state: C.RequestState; priority: C.Priority; reason: C.RequestReason; may: ('withdraw' | 'refuse')[] }>;
export type TransferEnd = S['TransferEndOut'];
export type TransferLine = With<S['TransferLineOut'], { difference?: C.Difference | null }>;
export type Transfer = With<
  S['TransferOut'],
  { state: C.TransferState; lines: TransferLine[]; may: C.TransferStep[]; cancel_reason?: C.CancelReason | null }
>;
export type Balance = S['BalancesOut'];
export type Shortage = With<S['SupplyOut'], { status: C.StockStatus }>;
export type Shortages = With<S['SupplyRowsOut'], { rows: Shortage[] }>;
/** A row of somebody's table of stock. */
export type ReadLine = S['ReadLineOut'];
export type Journey = S['JourneyOut'];
export type TransferPlanSummary = With<S['TransferPlanSummaryOut'], { state: 'draft' | 'applied' }>;
export type TransferPlan = With<S['TransferPlanOut'], { state: 'draft' | 'applied' }>;

export type Child = With<S['ChildBody'], { sex: C.Sex }>;
export type Household = With<S['HouseholdBody'], { adults: { age_band: C.AgeBand }[]; children?: Child[] }>;
/** `reason`: why it was declined, or given back. */
export type Hold = With<
  S['HoldOut'],
  { state: C.HoldState; needs: C.Need[]; household?: Household | null; reason?: C.DeclineReason | C.ReleaseReason | C.PlacedElsewhere | null }
>;
/** One shelter, from a date perhaps, or the best few at once. */
export type HoldBody = { shelter_id: string; from_date?: string } | { wave: number };
export type Wave = With<S['WaveOut'], { holds: Hold[] }>;
export type TimelineEntry = With<S['EventOut'], { kind: C.TimelineKind }>;
export type Timeline = With<S['TimelineOut'], { items: TimelineEntry[] }>;

export type ReferralBody = With<S['SearchBody'], { household: Household; needs: C.Need[]; urgency: C.Urgency }> ;
export type Suggestion = With<
  S['SuggestionOut'],
  { band: C.Band; freshness: C.Freshness; travel_basis: 'road' | 'estimate'; rooms: With<S['SuggestedRoomOut'], { kind: C.RoomKind }>[] }
>;
export type Misfit = With<S['MisfitOut'], { reasons: C.MisfitReason[]; relaxation?: C.Relaxation | null }>;
export type Suggestions = With<
  S['SuggestionsOut'],
  { suggestions: Suggestion[]; misfits: Misfit[]; misfit_counts: With<S['MisfitCountOut'], { reason: C.MisfitReason }>[] }
>;
export type Referral = With<
  S['ReferralOut'],
  { household: Household; needs: C.Need[]; urgency: C.Urgency; outcome?: C.Outcome | null; unmet_reasons: C.UnmetReason[]; holds: Hold[] }
>;
export type Handover = S['HandoverOut'];

export type Totals = S['TotalsOut'];
export type Availability = S['AvailabilityOut'];
export type BandTotals = With<S['BandsOut'], { band: C.Band; family_band: C.Band }>;
export type BandAvailability = With<S['AvailabilityBandsOut'], { national: BandTotals; regions: (BandTotals & { region: string })[] }>;
export type Supplies = S['SuppliesOut'];
export type SupplyRows = S['SupplyRowsOut'];

export type ScheduleBody = With<S['ScheduleBody'], { cadence: C.Cadence; weekday?: C.Weekday | null; zone: string }>;
export type Schedule = With<S['ScheduleOut'], { cadence: C.Cadence; weekday: C.Weekday | null }>;
/** When a schedule would send next, and which days each digest would be about. */
export type NextSends = S['NextOut'];
/** What was sent by hand, and in how many letters. */
export type Sent = S['SentOut'];
/** Somebody who gets a schedule's digests, or is to. */
export type Reader = With<
  S['RecipientOut'],
  { language: C.Language; kind: C.ReaderKind; state: C.ReaderState; last_letter: With<S['LastLetterOut'], { state: C.LetterState }> | null }
>;
export type Digest = With<S['DigestOut'], { kind: C.DigestKind }>;
export type Letter = With<S['LetterOut'], { language: C.Language; state: C.LetterState }>;
export type DigestView = With<S['DigestDetailOut'], { kind: C.DigestKind; language: C.Language; tables: ('csv' | 'xlsx')[]; letters_list: Letter[] }>;
/** What the HTML of a letter names by `cid:`. */
export type Picture = S['PictureOut'];
export type Rendered = S['PreviewOut'];
export type Trouble = With<S['TroubleOut'], { code: C.TroubleCode; quota?: C.QuotaKind | null }>;
export type Alerts = With<S['AlertsOut'], { kinds: C.AlertKind[]; offered: C.AlertKind[] }>;
export type AlertsBody = With<S['AlertsBody'], { kinds: C.AlertKind[] }>;

export type UserBody = With<Omit<S['UserBody'], 'disabled'>, { role: C.Role; language: C.Language; shelter_ids: string[]; organisation_id: string | null }>;
export type User = With<S['UserOut'], { role: C.Role; language: C.Language; state: C.UserState }>;
/** What waits for a second administrator instead of being done. */
export type Waits = S['WaitsOut'];
export type Approval = With<S['ApprovalOut'], { kind: C.ApprovalKind; outcome?: C.ApprovalOutcome | null }>;
export type TokenBody = With<S['TokenBody'], { role: C.ProgramRole; shelter_ids: string[]; organisation_id: string | null }>;
export type Token = With<S['TokenOut'], { role: C.ProgramRole }>;
/** In the answer that makes it, and never again. */
export type NewToken = Token & { token: string };
export type OrganisationBody = With<S['OrganisationBody'], { refers: boolean; operates: boolean }>;
/** An officer is told names only. */
export type Organisation = S['OrganisationOut'];
export type AuditEntry = S['AuditOut'];
export type AuditVerdict = S['VerdictOut'];
export type AuditAnchor = S['AnchorOut'];

export type Assignment = S['AssignmentOut'];
/** A plan in a list. */
export type PlanSummary = With<S['PlanSummaryOut'], { state: 'draft' | 'applied' }>;
export type Plan = PlanSummary & Pick<S['PlanOut'], 'assignments' | 'unplaced'>;

/** Numbers of people are told as they are, or as a text where they may not be. */
export type LedgerChange = S['ChangeOut'];
export type Ledger = S['UnmetOut'];

/** The beds of one local day, at its end. */
export type DayTotals = S['DayOut'];
export type Occupancy = With<S['OccupancyOut'], { weekdays: With<S['WeekdayOut'], { weekday: C.Weekday }>[] }>;
export type Range = S['ExpectedOut'];
export type Forecast = With<S['ForecastOut'], { basis: 'learned' | 'too_little' }>;
export type Compare = S['CompareOut'];
/** A figure of a day, and of the mean day of a period. */
export type Measure = keyof S['MeansOut'];
export type Standard = S['StandardOut'];
export type People = S['PeopleOut'];
export type Demand = S['DemandOut'];
export type Response = With<S['ResponseOut'], { declines: With<S['DeclineOut'], { reason: C.DeclineReason }>[] }>;
export type Glossary = S['GlossaryOut'];
