//! The package as JavaScript sees it: in a real browser, against a real sandbox.
//!
//! The tests themselves are the JavaScript files in `browser/`, since JavaScript is who uses the package; here they are
//! listed, so that `wasm-pack test` runs them one by one. What needs no browser is tested natively beside its code.
#![cfg(target_arch = "wasm32")]

use js_sys::{Array, Function, JSON, Promise, Reflect};
use ossicle::OssicleClient;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

/// Where the sandbox is. Read when the tests are compiled: a page has no environment.
const SANDBOX: Option<&str> = option_env!("OSSICLE_SANDBOX_URL");

/// What every test is given, and what runs one: `run(file, text, test, sandbox, Client)`.
const BENCH: &str = include_str!("browser/bench.js");

/// Runs one exported test of a JavaScript file, given as text.
async fn run(file: &str, text: &str, test: &str, sandbox: &str, client: &JsValue) -> Result<(), JsValue> {
    let quoted = JSON::stringify(&BENCH.into())?;
    // Loaded once: the page's global scope keeps it.
    let load = "globalThis.ossicleBench ??= import(URL.createObjectURL(new Blob([";
    let load = js_sys::eval(&format!("{load}{quoted}], {{ type: 'text/javascript' }})))"))?;
    let bench = JsFuture::from(Promise::resolve(&load)).await?;
    let arguments = Array::of5(&file.into(), &text.into(), &test.into(), &sandbox.into(), client);
    let run: Function = Reflect::get(&bench, &"run".into())?.dyn_into()?;
    JsFuture::from(Promise::resolve(&run.apply(&JsValue::UNDEFINED, &arguments)?)).await.map(drop)
}

async fn run_test(file: &str, text: &str, test: &str) -> Result<(), JsValue> {
    let missing = "set OSSICLE_SANDBOX_URL to the address of a running sandbox, then compile these tests";
    let sandbox = SANDBOX.ok_or_else(|| JsError::new(missing))?;
    let options = r#"{ "environment": "eu", "tenantName": "base", "auth": { "accessToken": "none" } }"#;
    let client: JsValue = OssicleClient::new(&JSON::parse(options)?)?.into();
    // The class as JavaScript has it.
    run(file, text, test, sandbox, &Reflect::get(&client, &"constructor".into())?).await
}

/// The tests of one JavaScript file in `browser/`: each is an exported async function, which rejects when it fails.
///
/// The files are part of the wasm, not modules that the page loads: the server of wasm-bindgen's test runner has four
/// threads and gives each connection one for as long as it is kept alive, so that a page which loads more files at once
/// may wait for the last of them for ever.
macro_rules! tests {
    ($module:ident: $($name:ident,)+) => {
        mod $module {
            use wasm_bindgen::prelude::*;
            use wasm_bindgen_test::wasm_bindgen_test;

            const FILE: &str = concat!("tests/browser/", stringify!($module), ".js");
            const TEXT: &str = include_str!(concat!("browser/", stringify!($module), ".js"));

            $(
                #[wasm_bindgen_test]
                async fn $name() -> Result<(), JsValue> {
                    super::run_test(FILE, TEXT, stringify!($name)).await
                }
            )+

            #[wasm_bindgen_test]
            fn no_test_of_the_file_is_left_out() {
                let listed = [$(stringify!($name)),+];
                let written = TEXT.lines().filter_map(|line| line.strip_prefix("export async function "));
                for name in written.filter_map(|rest| rest.split('(').next()) {
                    assert!(listed.contains(&name), "{name} of {FILE} is not listed in tests/browser.rs");
                }
            }
        }
    };
}

tests! { client:
    what_a_client_lacks_is_named_in_a_typed_error,
    what_a_client_hands_out_outlives_it,
    one_question_for_a_token_serves_all_calls_that_wait,
    a_token_is_used_until_thirty_seconds_before_its_end,
    a_token_that_does_not_say_when_it_ends_is_asked_for_each_time,
    a_provider_that_fails_is_unauthorized_and_worth_another_try,
    a_provider_that_answers_no_token_is_unauthorized_and_not_quoted,
    a_provider_that_never_answers_ends_in_a_timeout,
    a_token_that_is_refused_is_replaced_once,
}

tests! { auth:
    every_form_reaches_the_service_and_a_stream,
    scopes_are_asked_for_so_that_the_socket_has_a_token_of_its_own,
    a_token_of_the_endpoint_is_exchanged_thirty_seconds_before_its_end_once_for_all,
    a_token_that_is_refused_is_exchanged_once_for_all_who_had_it,
    the_app_s_function_gets_its_last_refresh_token,
    the_limit_of_one_caller_does_not_fail_the_others,
    a_token_endpoint_that_never_answers_ends_in_a_timeout,
    what_could_not_get_a_token_was_not_sent_and_is_tried_again,
    a_refusal_of_the_token_endpoint_is_named_and_final,
    a_code_is_good_once_and_then_the_user_is_asked_to_sign_in,
    a_logger_is_told_of_retries_tokens_and_streams,
    nothing_secret_is_told_whatever_fails,
}

tests! { fetch:
    an_answer_that_breaks_off_says_so_and_is_asked_for_again,
    a_file_that_breaks_off_is_not_taken_for_the_whole,
    what_a_proxy_puts_in_place_of_an_answer_is_named_and_not_quoted,
    no_answer_names_the_place_and_what_it_may_be,
    being_offline_is_told,
    the_service_says_how_long_to_wait_in_seconds_or_by_a_date,
    what_creates_is_sent_once_if_its_answer_is_lost,
    a_call_may_set_its_own_tries,
    what_a_client_s_fetch_answers_must_be_a_response,
}

tests! { rest:
    an_interaction_is_created_read_changed_listed_and_deleted,
    facts_and_documents_belong_to_an_interaction,
    pages_are_awaited_one_by_one_or_iterated_as_one,
    a_recording_is_uploaded_transcribed_and_deleted,
    documents_have_two_forms_and_are_told_apart_by_their_arguments,
    an_unknown_id_is_not_found_and_says_which_request_it_was,
    what_cannot_be_right_is_refused_before_anything_is_sent,
    tenant_token_and_the_caller_s_own_headers_and_query_are_sent,
    a_fetch_that_never_answers_ends_in_a_timeout,
    a_body_that_never_ends_ends_in_a_timeout,
    aborting_a_call_aborts_its_fetch,
    aborting_a_call_ends_its_wait_for_another_try,
    an_answer_that_may_heal_is_asked_for_again,
    tries_end_with_the_last_answer,
    what_creates_is_not_repeated_after_a_network_failure,
    what_creates_is_repeated_if_the_service_was_busy,
}

tests! { stream:
    listeners_are_called_in_the_order_in_which_they_came,
    a_listener_can_be_taken_off_in_three_ways,
    a_listener_that_throws_does_not_stop_the_others,
    a_listener_may_close_the_stream,
    a_listener_may_free_the_stream,
    frames_become_transcripts_and_facts,
    a_pause_captures_nothing_and_says_where_the_time_stood_still,
    a_muted_channel_sends_silence_and_warns_of_nothing,
    levels_are_told_about_ten_times_a_second,
    a_flush_leaves_nothing_in_flight,
    the_end_comes_after_everything_was_heard_and_its_figures_add_up,
    closing_rejects_what_waits,
    what_is_asked_after_the_end_is_a_conflict,
    frames_that_cannot_be_right_are_refused,
    every_message_of_the_service_is_passed_on_as_it_came,
}

tests! { network:
    a_configuration_that_cannot_be_right_is_refused_before_a_socket_opens,
    a_codec_that_nothing_loads_is_unsupported,
    a_configuration_that_the_service_refuses_is_rejected,
    a_service_that_says_nothing_ends_in_a_timeout,
    a_service_that_is_not_there_ends_within_the_time_limit,
    a_wrong_token_is_unauthorized,
    an_unknown_interaction_is_not_found,
    the_caller_s_signal_ends_the_attempt_to_connect_and_the_stream,
    the_socket_has_a_token_of_its_own_if_there_is_one,
    nothing_is_lost_when_the_connection_drops,
    a_visit_that_nobody_waits_for_starts_before_there_is_a_connection,
    after_a_failure_the_unsent_audio_is_a_file,
    what_does_not_fit_into_the_buffer_is_named,
    a_proxy_gets_its_own_query_and_no_token,
}

tests! { capture:
    an_audio_node_is_captured_for_as_long_as_it_plays,
    a_media_stream_is_captured_until_it_is_detached,
    a_microphone_is_found_opened_and_captured,
    two_sources_have_a_channel_each_and_one_may_leave,
    a_microphone_that_moves_to_another_device_is_followed,
    of_two_moves_in_a_row_the_last_one_counts,
    a_capture_that_the_browser_suspends_goes_on,
    what_is_no_source_is_refused,
    a_stream_that_is_over_takes_no_source,
    closing_lets_go_of_what_was_attached,
}

tests! { opus:
    the_best_encoding_is_found_and_declared,
    what_is_sent_decodes_to_what_was_pushed,
    a_flush_comes_after_the_packets_that_the_encoder_owes,
    each_socket_gets_a_container_of_its_own,
}

tests! { bytes:
    bytes_of_any_kind_are_sent_in_the_order_of_the_calls,
    a_recorder_s_pieces_begin_with_its_headers_on_every_socket,
    bytes_need_a_declared_format_and_are_not_mixed_with_frames,
}

tests! { warnings:
    silence_and_clipping_are_told_once,
    a_device_that_goes_or_is_muted_is_told,
}

tests! { visits:
    a_visit_goes_from_its_interaction_to_its_completion,
    what_is_said_while_the_interaction_is_made_is_kept,
    a_start_that_fails_at_any_step_leaves_nothing_open_and_is_resumed,
    what_cannot_be_right_is_refused_before_anything_is_opened_or_sent,
    a_start_that_the_app_gives_up_is_aborted_and_leaves_nothing_open,
    a_visit_is_resumed_for_its_review_and_one_that_is_over_is_not_recorded,
    documents_are_made_from_what_is_kept_or_said_or_given,
    closing_a_visit_ends_what_is_pending_and_leaves_the_interaction_to_be_resumed,
    sources_of_a_list_have_a_channel_each,
    a_visit_may_start_before_there_is_a_connection,
    a_stream_whose_interaction_never_comes_is_over_and_says_why,
}
