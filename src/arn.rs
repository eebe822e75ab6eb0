//! Parses Amazon Resource Names (AWS General Reference, "Amazon Resource Names (ARNs)").

/// `arn:partition:service:region:account:resource`. The parts are not validated, and each may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `bedrock`, `iam`, …
    pub service: &'a str,
    /// Empty where the service is the same in all regions.
    pub region: &'a str,
    /// Twelve digits; empty for AWS's own resources.
    pub account: &'a str,
    /// Type and name of the resource, which may contain colons and slashes: `inference-profile/us.amazon.nova-pro-v1:0`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Parses `text`; `None` where it does not have all six parts.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let mut next = || parts.next();
        let (partition, service, region, account, resource) = (next()?, next()?, next()?, next()?, next()?);
        Some(Self { partition, service, region, account, resource })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts_and_the_last_takes_the_rest() {
        let arn = Arn::parse("arn:aws-cn:bedrock:cn-north-1::foundation-model/amazon.nova-pro-v1:0").unwrap();
        assert_eq!(
            (arn.partition, arn.service, arn.region, arn.account),
            ("aws-cn", "bedrock", "cn-north-1", "")
        );
        assert_eq!(arn.resource, "foundation-model/amazon.nova-pro-v1:0");
        for text in
            ["", "arn", "arn:", "arn:aws:bedrock:us-east-1:1", "xarn:a:b:c:d:e", "us.amazon.nova-pro-v1:0"]
        {
            assert_eq!(Arn::parse(text), None, "{text:?}");
        }
    }
}
