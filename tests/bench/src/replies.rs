//! Replies for a match, as the vendors' documents print them, about the synthetic number of the cases.

use heyan::Provider;

/// The body of a reply for a match about [`NUMBER`](crate::NUMBER).
///
/// # Panics
/// For a provider without one: so it fails every benchmark that iterates the table, and cannot be left out.
#[must_use]
pub fn body(provider: &dyn Provider) -> Vec<u8> {
    let text = match provider.info().slug {
        "checkone" => r#"{"code":"10000","message":"成功","data":{"result":"1"},"seqNo":"4XU29Z4D1704061618"}"#,
        "idenauthen" => {
            r#"{"name":"张三","idNo":"110101190001010057","respMessage":"身份证信息匹配","respCode":"0000","province":"北京市","city":"北京市","county":"东城区","birthday":"19000101","sex":"M","age":"123"}"#
        }
        "idcert" => {
            r#"{"status":"01","msg":"实名认证通过!","idCard":"11*****0057","name":"张*","traceId":"20211208013_9aph_5e91"}"#
        }
        "sjsys" => r#"{"code":"10000","message":"成功","data":{"state":"1"},"seqNo":"4XU29Z4D1704061618"}"#,
        "sfz2" => {
            r#"{"ok":1,"msg":"实名信息正确","xm":"张*","sfz":"1101*****57","match":true,"birthday":"19****01","sex":"男","address":"北京市**区"}"#
        }
        other => panic!("no reply of {other} here: add one"),
    };
    text.as_bytes().to_vec()
}

/// Head and body, with the header fields that the gateway sends along.
pub(crate) fn message(provider: &dyn Provider) -> Vec<u8> {
    let body = body(provider);
    let mut message = format!(
        "HTTP/1.1 200 OK\r\n\
         Date: Sun, 01 Nov 2026 08:00:00 GMT\r\n\
         Content-Type: application/json;charset=utf-8\r\n\
         Content-Length: {}\r\n\
         Connection: keep-alive\r\n\
         Keep-Alive: timeout=25\r\n\
         Access-Control-Allow-Origin: *\r\n\
         X-Ca-Request-Id: 3C07F9DB-66E1-4D1A-9F73-4C9B1F0D2A11\r\n\
         \r\n",
        body.len()
    )
    .into_bytes();
    message.extend_from_slice(&body);
    message
}
