// The codes that texts are printed for. The OpenAPI document calls them strings; here they are told apart, so that a
// code without a text does not compile.

export type Role = 'manager' | 'officer' | 'committee' | 'admin';
export type Language = 'tg' | 'ru' | 'en';
/** How somebody proves who they are. */
export type Way = 'password' | 'totp' | 'passkey' | 'recovery_code';
export type Freshness = 'fresh' | 'aging' | 'stale' | 'silent';
export type RoomKind = 'private' | 'shared' | 'block';
export type ShelterKind = 'crisis' | 'long_stay' | 'support_room' | 'transitional';
export type LocationPolicy = 'confidential' | 'disclosed';
export type OutOfServiceReason = 'repair' | 'cleaning' | 'infection' | 'staffing' | 'safety' | 'reserved' | 'other';
export type AgeBand = 'under18' | '18_59' | '60_plus';
export type Sex = 'female' | 'male';
export type AdmissionNeed =
  | 'step_free'
  | 'pregnancy'
  | 'newborn'
  | 'trafficking'
  | 'older_woman'
  | 'mental_health'
  | 'substance_use'
  | 'no_documents'
  | 'pets';
export type ServiceNeed = 'medical' | 'psychosocial' | 'legal' | 'childcare' | 'interpreter' | 'education';
export type Need = AdmissionNeed | ServiceNeed;
export type Urgency = 'now' | 'today' | 'this_week' | 'planned';
export type HoldState = 'asked' | 'accepted' | 'arrived' | 'declined' | 'expired' | 'released' | 'no_show';
export type Band = '0' | '1_2' | '3_5' | '6_plus';
export type DeclineReason =
  | 'full'
  | 'cannot_meet_needs'
  | 'safety_risk'
  | 'conflict_with_resident'
  | 'staffing'
  | 'closed'
  | 'other';
export type ReleaseReason = 'found_elsewhere' | 'her_choice' | 'unsafe_travel' | 'entered_in_error' | 'other';
/** What the acceptance of another shelter of the same wave says; nobody gives it. */
export type PlacedElsewhere = 'placed_elsewhere';
export type UnmetReason = 'no_capacity' | 'admission_rule' | 'distance' | 'no_answer' | 'her_choice' | 'safety' | 'other';
export type Outcome = 'placed' | 'unmet' | 'withdrawn';
export type MisfitReason =
  | 'women_not_admitted'
  | 'without_children_not_admitted'
  | 'boys_age'
  | 'too_many_children'
  | 'pregnancy'
  | 'newborn'
  | 'trafficking'
  | 'older_woman'
  | 'mental_health'
  | 'substance_use'
  | 'no_documents'
  | 'pets'
  | 'no_step_free_room'
  | 'no_private_room'
  | 'not_enough_beds'
  | 'not_enough_cots'
  | 'avoided_district'
  | 'not_operating'
  | 'never_reported';
export type Relaxation =
  | { code: 'two_rooms' }
  | { code: 'from_date'; date: string }
  | { code: 'without_need'; need: Need }
  | { code: 'boy_admitted'; age: number }
  | { code: 'shared_room' }
  | { code: 'wider_area'; districts: string[] };
export type TimelineKind =
  | 'opened'
  | 'asked'
  | 'wave_asked'
  | 'reminded'
  | 'next_asked'
  | 'operator_told'
  | 'accepted'
  | 'declined'
  | 'released'
  | 'expired'
  | 'no_show'
  | 'arrived'
  | 'extended'
  | 'at_risk'
  | 'waiting'
  | 'place_found'
  | 'closed';
export type StockStatus = 'critical' | 'low' | 'ok' | 'surplus' | 'unknown';
export type Priority = 'urgent' | 'high' | 'normal';
export type RequestReason = 'running_out' | 'new_arrivals' | 'damaged' | 'season' | 'other';
export type RequestState = 'open' | 'met' | 'withdrawn' | 'refused';
export type TransferState = 'proposed' | 'approved' | 'dispatched' | 'received' | 'cancelled';
export type TransferStep = 'approve' | 'dispatch' | 'receive' | 'cancel';
/** Why less arrived than was sent. */
export type Difference = 'lost' | 'damaged' | 'miscounted' | 'not_loaded' | 'other';
export type CancelReason = 'not_needed' | 'cannot_spare' | 'no_transport' | 'entered_in_error' | 'turned_back' | 'other';
/** `dropped`: its reader had left, or a newer one overtook it. */
export type LetterState = 'queued' | 'sent' | 'dead' | 'dropped';
export type PlaceUse = 'single_women' | 'family_2' | 'family_3' | 'family_4' | 'family_5_plus' | 'step_free';
export type Names = Partial<Record<Language, string>>;
export type ItemCategory = 'food' | 'water' | 'hygiene' | 'infant' | 'health' | 'bedding' | 'clothing' | 'education' | 'heating' | 'other';
export type Cadence = 'daily' | 'weekly' | 'monthly' | 'first_working_day' | 'quarterly' | 'half_yearly' | 'cron';
export type ReaderKind = 'person' | 'group';
export type ReaderState = 'waiting_approval' | 'waiting_confirmation' | 'active' | 'ended';
export type TroubleCode =
  | 'digest_overdue'
  | 'letters_dead'
  | 'letters_waiting'
  | 'quota_near'
  | 'quota_reached'
  | 'canary_touched'
  | 'sign_in_attack'
  | 'audit_broken';
/** What one person may do so often in a day. */
export type QuotaKind = 'searches' | 'holds' | 'handovers' | 'confidential_reads';
export type UserState = 'invited' | 'active' | 'disabled';
/** A program acts with the rights of a role; none is an administrator. */
export type ProgramRole = Exclude<Role, 'admin'>;
export type ApprovalKind = 'admin_role' | 'export' | 'factor_reset';
export type ApprovalOutcome = 'approved' | 'refused' | 'used' | 'expired';
export type AlertKind = 'no_family_place' | 'silent' | 'critical_supply' | 'hold_unanswered';
export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday';
/** In its turn, by hand, or to the asker alone. */
export type DigestKind = 'due' | 'now' | 'test';
