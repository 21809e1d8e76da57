//! Where a service answers.

use aws_sdk_cloudtrail::config::endpoint as cloudtrail;
use aws_sdk_sns::config::endpoint as sns;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointFuture, EndpointResolverParams, ResolveEndpoint,
};
use aws_smithy_types::endpoint::Endpoint as Url;

use crate::aws::Service;

/// What the environment says about all endpoints.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Variant {
    /// Only endpoints with validated cryptography.
    pub(crate) fips: bool,
    /// Endpoints that also answer over IPv6.
    pub(crate) dual_stack: bool,
}

/// A service's endpoint for calls about one region.
///
/// The SDK's own rules say the same, but read all partitions and compile their
/// patterns at the first call, which is the one that has to be fast.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    url: Result<Url, &'static str>,
    signing_region: String,
}

impl Endpoint {
    /// The endpoint of `service` in `region`, or `instead` of it.
    pub(crate) fn new(
        service: Service,
        region: &str,
        variant: Variant,
        instead: Option<&str>,
    ) -> Self {
        if let Some(url) = instead {
            let url = match variant {
                Variant { fips: true, .. } => Err("FIPS and custom endpoint are not supported"),
                Variant {
                    dual_stack: true, ..
                } => Err("Dualstack and custom endpoint are not supported"),
                _ => Ok(Url::builder().url(url.to_owned()).build()),
            };
            let signing_region = region.to_owned();
            return Self {
                url,
                signing_region,
            };
        }
        let partition = Partition::of(region);
        if service == Service::Iam {
            return Self::of_iam(partition, variant);
        }
        let is_global = service == Service::Organizations;
        let region = if is_global {
            partition.global_region
        } else {
            region
        };
        let Variant { fips, dual_stack } = variant;
        // In GovCloud every endpoint is validated. Only those for IPv6 say so, and of
        // these services one that has both kinds there.
        let has_both = matches!(
            service,
            Service::SecurityHub
                | Service::Kms
                | Service::S3
                | Service::Scheduler
                | Service::Lambda
        );
        // EventBridge names none there.
        let is_plain = partition.is_gov
            && (is_global || !dual_stack || service == Service::Events)
            && !has_both;
        let fips = if fips && !is_plain { "-fips" } else { "" };
        let suffix = if dual_stack && service != Service::S3 {
            partition.dual_stack_suffix
        } else {
            partition.suffix
        };
        // S3 had endpoints for IPv6 before they had a suffix of their own.
        let is_older = dual_stack && service == Service::S3;
        let stack = if is_older { ".dualstack" } else { "" };
        let prefix = service.prefix();
        let url = format!("https://{prefix}{fips}{stack}.{region}.{suffix}");
        Self {
            url: Ok(Url::builder().url(url).build()),
            signing_region: region.to_owned(),
        }
    }

    /// IAM has one endpoint in a partition, and its names follow no rule.
    fn of_iam(partition: &Partition, variant: Variant) -> Self {
        let iam = &partition.iam;
        let name = match (variant.fips, variant.dual_stack) {
            (false, false) => iam.plain,
            (false, true) => iam.dual_stack,
            (true, false) => iam.fips,
            (true, true) => iam.fips_dual_stack,
        };
        Self {
            url: Ok(Url::builder().url(format!("https://{name}")).build()),
            signing_region: iam.region.to_owned(),
        }
    }

    /// The region that a signature for it names.
    pub(crate) fn signing_region(&self) -> &str {
        &self.signing_region
    }

    fn resolved(&self) -> EndpointFuture<'_> {
        EndpointFuture::ready(self.url.clone().map_err(Into::into))
    }
}

impl ResolveEndpoint for Endpoint {
    fn resolve_endpoint<'a>(&'a self, _: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        self.resolved()
    }
}

impl cloudtrail::ResolveEndpoint for Endpoint {
    fn resolve_endpoint<'a>(&'a self, _: &'a cloudtrail::Params) -> EndpointFuture<'a> {
        self.resolved()
    }
}

impl sns::ResolveEndpoint for Endpoint {
    fn resolve_endpoint<'a>(&'a self, _: &'a sns::Params) -> EndpointFuture<'a> {
        self.resolved()
    }
}

/// How the names of a partition's endpoints end, and where its global services are.
struct Partition {
    /// What its regions begin with.
    prefix: &'static str,
    suffix: &'static str,
    dual_stack_suffix: &'static str,
    global_region: &'static str,
    is_gov: bool,
    iam: Iam,
}

/// The region whose name IAM's calls are recorded with, in the partition of `region`.
pub(crate) fn iam_region(region: &str) -> &'static str {
    Partition::of(region).iam.region
}

/// What the names of services end in, in the partition of `region`.
pub(crate) fn suffix(region: &str) -> &'static str {
    Partition::of(region).suffix
}

/// IAM's endpoints in a partition.
struct Iam {
    /// That signatures name.
    region: &'static str,
    plain: &'static str,
    dual_stack: &'static str,
    fips: &'static str,
    fips_dual_stack: &'static str,
}

impl Partition {
    /// Of a region that nobody knows yet, it is the public one.
    fn of(region: &str) -> &'static Self {
        let is_its = |partition: &&Self| region.starts_with(partition.prefix);
        OTHERS.iter().find(is_its).unwrap_or(&PUBLIC)
    }

    const fn new(
        prefix: &'static str,
        suffix: &'static str,
        dual_stack_suffix: &'static str,
        global_region: &'static str,
        iam: Iam,
    ) -> Self {
        Self {
            prefix,
            suffix,
            dual_stack_suffix,
            global_region,
            is_gov: false,
            iam,
        }
    }
}

const PUBLIC: Partition = Partition::new(
    "",
    "amazonaws.com",
    "api.aws",
    "us-east-1",
    Iam {
        region: "us-east-1",
        plain: "iam.amazonaws.com",
        dual_stack: "iam.global.api.aws",
        fips: "iam-fips.amazonaws.com",
        fips_dual_stack: "iam-fips.global.api.aws",
    },
);

/// Source: `partitions.json`, as every AWS SDK has it:
/// <https://github.com/aws/aws-sdk-rust/blob/main/aws-models/sdk-partitions.json>; of
/// IAM, the endpoint rules of its model:
/// <https://github.com/aws/api-models-aws/tree/main/models/iam>.
const OTHERS: [Partition; 7] = [
    Partition {
        is_gov: true,
        ..Partition::new(
            "us-gov-",
            "amazonaws.com",
            "api.aws",
            "us-gov-west-1",
            Iam {
                region: "us-gov-west-1",
                plain: "iam.us-gov.amazonaws.com",
                dual_stack: "iam.us-gov.api.aws",
                fips: "iam.us-gov.amazonaws.com",
                fips_dual_stack: "iam.us-gov.api.aws",
            },
        )
    },
    Partition::new(
        "cn-",
        "amazonaws.com.cn",
        "api.amazonwebservices.com.cn",
        "cn-northwest-1",
        Iam {
            region: "cn-north-1",
            plain: "iam.cn-north-1.amazonaws.com.cn",
            dual_stack: "iam.global.api.amazonwebservices.com.cn",
            fips: "iam-fips.amazonaws.com.cn",
            fips_dual_stack: "iam-fips.api.amazonwebservices.com.cn",
        },
    ),
    Partition::new(
        "eusc-",
        "amazonaws.eu",
        "api.amazonwebservices.eu",
        "eusc-de-east-1",
        Iam {
            region: "eusc-de-east-1",
            plain: "iam.eusc-de-east-1.amazonaws.eu",
            dual_stack: "iam.global.api.amazonwebservices.eu",
            fips: "iam-fips.amazonaws.eu",
            fips_dual_stack: "iam-fips.api.amazonwebservices.eu",
        },
    ),
    Partition::new(
        "us-iso-",
        "c2s.ic.gov",
        "api.aws.ic.gov",
        "us-iso-east-1",
        Iam {
            region: "us-iso-east-1",
            plain: "iam.us-iso-east-1.c2s.ic.gov",
            dual_stack: "iam.api.aws.ic.gov",
            fips: "iam-fips.us-iso-east-1.c2s.ic.gov",
            fips_dual_stack: "iam-fips.api.aws.ic.gov",
        },
    ),
    Partition::new(
        "us-isob-",
        "sc2s.sgov.gov",
        "api.aws.scloud",
        "us-isob-east-1",
        Iam {
            region: "us-isob-east-1",
            plain: "iam.us-isob-east-1.sc2s.sgov.gov",
            dual_stack: "iam.api.aws.scloud",
            fips: "iam-fips.us-isob-east-1.sc2s.sgov.gov",
            fips_dual_stack: "iam-fips.api.aws.scloud",
        },
    ),
    Partition::new(
        "eu-isoe-",
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        "eu-isoe-west-1",
        Iam {
            region: "eu-isoe-west-1",
            plain: "iam.eu-isoe-west-1.cloud.adc-e.uk",
            dual_stack: "iam.api.cloud-aws.adc-e.uk",
            fips: "iam-fips.cloud.adc-e.uk",
            fips_dual_stack: "iam-fips.api.cloud-aws.adc-e.uk",
        },
    ),
    Partition::new(
        "us-isof-",
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        "us-isof-south-1",
        Iam {
            region: "us-isof-south-1",
            plain: "iam.us-isof-south-1.csp.hci.ic.gov",
            dual_stack: "iam.api.aws.hci.ic.gov",
            fips: "iam-fips.csp.hci.ic.gov",
            fips_dual_stack: "iam-fips.api.aws.hci.ic.gov",
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Variant = Variant {
        fips: false,
        dual_stack: false,
    };
    const FIPS: Variant = Variant {
        fips: true,
        ..PLAIN
    };
    const DUAL: Variant = Variant {
        dual_stack: true,
        ..PLAIN
    };
    const BOTH: Variant = Variant {
        fips: true,
        dual_stack: true,
    };

    fn url(service: Service, region: &str, variant: Variant) -> String {
        let endpoint = Endpoint::new(service, region, variant, None);
        endpoint.url.map(|url| url.url().to_owned()).unwrap()
    }

    /// The answers that the SDKs' rules give, from the test cases that come with them.
    #[test]
    fn regional_services_answer_where_the_sdks_ask() {
        for (region, variant, expected) in [
            ("eu-central-1", PLAIN, "eu-central-1.amazonaws.com"),
            ("us-east-1", FIPS, "-fips.us-east-1.amazonaws.com"),
            ("us-east-1", BOTH, "-fips.us-east-1.api.aws"),
            ("us-east-1", DUAL, "us-east-1.api.aws"),
            ("mx-central-1", PLAIN, "mx-central-1.amazonaws.com"),
            ("not-known-1", PLAIN, "not-known-1.amazonaws.com"),
            ("cn-north-1", PLAIN, "cn-north-1.amazonaws.com.cn"),
            ("cn-north-1", FIPS, "-fips.cn-north-1.amazonaws.com.cn"),
            (
                "cn-north-1",
                BOTH,
                "-fips.cn-north-1.api.amazonwebservices.com.cn",
            ),
            (
                "cn-north-1",
                DUAL,
                "cn-north-1.api.amazonwebservices.com.cn",
            ),
            ("us-gov-west-1", PLAIN, "us-gov-west-1.amazonaws.com"),
            ("us-gov-east-1", FIPS, "us-gov-east-1.amazonaws.com"),
            ("us-gov-east-1", BOTH, "-fips.us-gov-east-1.api.aws"),
            ("us-gov-east-1", DUAL, "us-gov-east-1.api.aws"),
            ("us-iso-west-1", PLAIN, "us-iso-west-1.c2s.ic.gov"),
            ("us-iso-east-1", FIPS, "-fips.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", PLAIN, "us-isob-east-1.sc2s.sgov.gov"),
            ("us-isob-east-1", FIPS, "-fips.us-isob-east-1.sc2s.sgov.gov"),
            ("eusc-de-east-1", PLAIN, "eusc-de-east-1.amazonaws.eu"),
        ] {
            for service in Service::ALL {
                // These name their validated endpoints in GovCloud too.
                let has_both = matches!(
                    service,
                    Service::SecurityHub | Service::Kms | Service::Scheduler | Service::Lambda
                );
                // And this one does not at all.
                let has_none = service == Service::Events && variant.dual_stack;
                let is_other = (has_both || has_none) && region.starts_with("us-gov-");
                let is_own = matches!(service, Service::Organizations | Service::Iam | Service::S3);
                if !(is_own || is_other && variant.fips) {
                    let dot = if expected.starts_with('-') { "" } else { "." };
                    let expected = format!("https://{}{dot}{expected}", service.prefix());
                    assert_eq!(url(service, region, variant), expected);
                }
            }
        }
    }

    #[test]
    fn eventbridge_names_no_validated_endpoints_in_govcloud() {
        for (variant, suffix) in [
            (FIPS, "amazonaws.com"),
            (BOTH, "api.aws"),
            (DUAL, "api.aws"),
        ] {
            let expected = format!("https://events.us-gov-east-1.{suffix}");
            assert_eq!(url(Service::Events, "us-gov-east-1", variant), expected);
        }
    }

    #[test]
    fn security_hub_names_its_validated_endpoints_everywhere() {
        for (region, variant, expected) in [
            ("us-gov-west-1", PLAIN, ".us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", FIPS, "-fips.us-gov-west-1.amazonaws.com"),
            ("us-gov-east-1", BOTH, "-fips.us-gov-east-1.api.aws"),
            ("us-gov-east-1", DUAL, ".us-gov-east-1.api.aws"),
        ] {
            let expected = format!("https://securityhub{expected}");
            assert_eq!(url(Service::SecurityHub, region, variant), expected);
        }
    }

    #[test]
    fn s3_has_its_old_names_for_ipv6() {
        for (region, variant, expected) in [
            ("eu-central-1", PLAIN, "s3.eu-central-1.amazonaws.com"),
            ("us-east-1", FIPS, "s3-fips.us-east-1.amazonaws.com"),
            (
                "us-east-1",
                BOTH,
                "s3-fips.dualstack.us-east-1.amazonaws.com",
            ),
            ("us-west-2", DUAL, "s3.dualstack.us-west-2.amazonaws.com"),
            (
                "cn-north-1",
                DUAL,
                "s3.dualstack.cn-north-1.amazonaws.com.cn",
            ),
            ("us-gov-west-1", FIPS, "s3-fips.us-gov-west-1.amazonaws.com"),
        ] {
            let expected = format!("https://{expected}");
            assert_eq!(url(Service::S3, region, variant), expected);
        }
    }

    #[test]
    fn organizations_answers_in_one_region_of_a_partition() {
        for (region, variant, expected) in [
            ("eu-central-1", PLAIN, ".us-east-1.amazonaws.com"),
            ("us-east-1", FIPS, "-fips.us-east-1.amazonaws.com"),
            ("us-west-2", BOTH, "-fips.us-east-1.api.aws"),
            ("cn-north-1", PLAIN, ".cn-northwest-1.amazonaws.com.cn"),
            (
                "cn-northwest-1",
                BOTH,
                "-fips.cn-northwest-1.api.amazonwebservices.com.cn",
            ),
            ("us-gov-east-1", PLAIN, ".us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", FIPS, ".us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", BOTH, ".us-gov-west-1.api.aws"),
            ("us-iso-west-1", PLAIN, ".us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", FIPS, "-fips.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", PLAIN, ".eu-isoe-west-1.cloud.adc-e.uk"),
            (
                "us-isof-east-1",
                FIPS,
                "-fips.us-isof-south-1.csp.hci.ic.gov",
            ),
            ("eusc-de-east-1", FIPS, "-fips.eusc-de-east-1.amazonaws.eu"),
        ] {
            let service = Service::Organizations;
            let expected = format!("https://organizations{expected}");
            assert_eq!(url(service, region, variant), expected, "{region}");
            let signed_for = Endpoint::new(service, region, variant, None).signing_region;
            assert!(expected.contains(&format!(".{signed_for}.")), "{region}");
        }
    }

    #[test]
    fn iam_answers_at_one_address_of_a_partition() {
        for (region, variant, expected, signed_for) in [
            ("eu-central-1", PLAIN, "iam.amazonaws.com", "us-east-1"),
            ("us-east-1", FIPS, "iam-fips.amazonaws.com", "us-east-1"),
            ("us-west-2", DUAL, "iam.global.api.aws", "us-east-1"),
            ("us-west-2", BOTH, "iam-fips.global.api.aws", "us-east-1"),
            (
                "cn-northwest-1",
                PLAIN,
                "iam.cn-north-1.amazonaws.com.cn",
                "cn-north-1",
            ),
            (
                "us-gov-east-1",
                FIPS,
                "iam.us-gov.amazonaws.com",
                "us-gov-west-1",
            ),
            ("us-gov-east-1", BOTH, "iam.us-gov.api.aws", "us-gov-west-1"),
            (
                "us-iso-west-1",
                PLAIN,
                "iam.us-iso-east-1.c2s.ic.gov",
                "us-iso-east-1",
            ),
            (
                "eusc-de-east-1",
                PLAIN,
                "iam.eusc-de-east-1.amazonaws.eu",
                "eusc-de-east-1",
            ),
        ] {
            assert_eq!(
                url(Service::Iam, region, variant),
                format!("https://{expected}")
            );
            let endpoint = Endpoint::new(Service::Iam, region, variant, None);
            assert_eq!(endpoint.signing_region, signed_for, "{region}");
        }
    }

    #[test]
    fn another_endpoint_replaces_the_services_own() {
        let url = "https://vpce-1.ssm.example:8443/path";
        let with = |variant| Endpoint::new(Service::Organizations, "eu-west-1", variant, Some(url));
        let plain = with(PLAIN);
        assert_eq!(plain.url.map(|found| found.url() == url), Ok(true));
        assert_eq!(plain.signing_region, "eu-west-1");
        for variant in [FIPS, DUAL, BOTH] {
            assert!(with(variant).url.is_err(), "{variant:?}");
        }
    }
}
